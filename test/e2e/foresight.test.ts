import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type TestProject } from "../support/project.ts"
import { difference, snapshotScript } from "../support/snapshot.ts"
import { type SshServers, startSshServers } from "../support/ssh-servers.ts"

let servers: SshServers
let project: TestProject

beforeAll(async () => {
  servers = await startSshServers(1)
  project = await makeProject("foresight")
}, 300_000)

afterAll(async () => {
  await project?.dispose()
  await servers?.dispose()
})

const writeConfig = (resources: string, host: object = {}): Promise<void> =>
  project.write(
    "fireclay.config.ts",
    `import { defineProject, fleet, inPlace, rolling, spec, ssh } from "fireclay"
import { command, directory, file, group, link, pkg, service, user } from "fireclay/resources"
const app = spec("app", { resources: [file("/etc/first", { content: "first\\n" }), ${resources}] })
export default defineProject({
  name: "foresight",
  fleets: { web: fleet(app, { on: ssh({ hosts: [${JSON.stringify({ ...servers.hosts[0], ...host })}] }), by: inPlace({ strategy: rolling() }) }) },
})
`,
  )

const on = async (script: string): Promise<string> => {
  const { exitCode, stdout, stderr } = await servers.exec(0, ["sh", "-c", script])
  if (exitCode !== 0) throw new Error(`${script}: ${stderr}`)
  return stdout.toString()
}

interface Moment {
  readonly name: string
  readonly code: string
  readonly says: RegExp
  readonly remedy: RegExp
  readonly resources: string
  /** Brings the moment about, and takes it away. */
  readonly begin?: string
  readonly end?: string
  readonly host?: object
}

const writes = (path: string, bytes: number): string => `file("${path}", { content: "x".repeat(${bytes}) })`
const tmpfs = (path: string, options: string) => ({
  begin: `mkdir -p ${path} && mount -t tmpfs -o ${options} none ${path}`,
  end: `umount ${path} && rmdir ${path}`,
})
const clock = (seconds: number) => ({
  begin: `printf '#!/bin/sh\\nexec /bin/date -d "@$(($(/bin/date +%%s) + ${seconds}))" "$@"\\n' >/usr/local/bin/date; chmod 755 /usr/local/bin/date`,
  end: "rm /usr/local/bin/date",
})

const moments: readonly Moment[] = [
  {
    name: "no room for a file",
    code: "FC_NO_SPACE",
    says: /^the file system of \/srv\/small needs 3\.0 MB and has 1\.0 MB free$/,
    remedy: /du -xh \/srv\/small/,
    resources: writes("/srv/small/f", 3_000_000),
    ...tmpfs("/srv/small", "size=1m"),
  },
  {
    name: "too few inodes",
    code: "FC_NO_SPACE",
    says: /^the file system of \/srv\/small needs 5 inodes and has \d free$/,
    remedy: /make room/,
    resources: Array.from({ length: 5 }, (_, index) => writes(`/srv/small/${index}`, 1)).join(),
    ...tmpfs("/srv/small", "nr_inodes=4"),
  },
  {
    name: "no room for packages on their way",
    code: "FC_NO_SPACE",
    says: /^the file system of \/var\/cache\/apt\/archives needs [\d.]+ MB and has 1\.0 MB free$/,
    remedy: /make room/,
    resources: `pkg("git")`,
    begin: "apt-get -q update >/dev/null && mount -t tmpfs -o size=1m none /var/cache/apt/archives",
    end: "umount /var/cache/apt/archives",
  },
  {
    name: "no room for what Fireclay keeps",
    code: "FC_NO_SPACE",
    says: /^the file system of \/var\/lib\/fireclay needs 11 MB and has 9\.4 MB free$/,
    remedy: /make room/,
    resources: writes("/srv/f", 3_000_000),
    ...tmpfs("/var/lib/fireclay", "size=9m"),
  },
  {
    name: "a read-only file system",
    code: "FC_READ_ONLY",
    says: /^\/srv\/ro cannot be written to: its file system is read-only$/,
    remedy: /findmnt -T \/srv\/ro/,
    resources: writes("/srv/ro/deep/f", 1),
    ...tmpfs("/srv/ro", "ro"),
  },
  {
    name: "a directory that is mounted read-only",
    code: "FC_READ_ONLY",
    says: /^\/srv\/bound cannot be written to/,
    remedy: /remount,rw/,
    resources: `directory("/srv/bound/d")`,
    begin: "mkdir /srv/bound && mount --bind /srv/bound /srv/bound && mount -o remount,bind,ro /srv/bound",
    end: "umount /srv/bound && rmdir /srv/bound",
  },
  {
    name: "nowhere to keep anything",
    code: "FC_READ_ONLY",
    says: /^\/var\/lib\/fireclay cannot be written to/,
    remedy: /remount,rw/,
    resources: "",
    ...tmpfs("/var/lib/fireclay", "ro"),
  },
  {
    name: "an account without rights",
    code: "FC_NO_PERMISSION",
    says: /^\/var\/lib cannot be written to by the account that is logged in$/,
    remedy: /sudo: true/,
    resources: "",
    host: { user: "deploy" },
  },
  {
    name: "an owner who does not exist",
    code: "FC_OWNER_UNKNOWN",
    says: /^\/srv\/f needs the user "www-dat", which is not there$/,
    remedy: /^did you mean "www-data"\?$/,
    resources: `file("/srv/f", { content: "", owner: "www-dat", group: "root" })`,
  },
  {
    name: "a group that comes too late",
    code: "FC_OWNER_UNKNOWN",
    says: /^\/srv\/d needs the group "ops", which is not there$/,
    remedy: /^put group\("ops"\) before what needs it$/,
    resources: `directory("/srv/d", { group: "ops" }), group("ops")`,
  },
  {
    name: "a file where a directory stands",
    code: "FC_PATH_CONFLICT",
    says: /^a directory stands at \/etc\/ssh, where a file should be$/,
    remedy: /move away/,
    resources: writes("/etc/ssh", 1),
  },
  {
    name: "a file below a file",
    code: "FC_PATH_CONFLICT",
    says: /^\/etc\/passwd\/x\/y needs a directory at \/etc\/passwd, where a file stands$/,
    remedy: /move away/,
    resources: writes("/etc/passwd/x/y", 1),
  },
  {
    name: "a clock that is years behind",
    code: "FC_CLOCK",
    says: /^the clock of server-1 is 6 years behind this machine's$/,
    remedy: /timedatectl/,
    resources: "",
    ...clock(-6 * 365 * 86_400),
  },
]

describe("found before anything is touched", () => {
  it.each(moments)("$name: $code", async ({ code, says, remedy, resources, begin, end, host }) => {
    await writeConfig(resources, host)
    if (begin !== undefined) await on(begin)
    try {
      const before = await on(snapshotScript)
      for (const words of [["plan"], ["apply", "--yes"]]) {
        const { json, exitCode } = await project.fireclay(...words)
        expect(json.error).toMatchObject({ code, at: "server-1" })
        expect(json.error.message).toMatch(says)
        expect(json.error.remedy).toMatch(remedy)
        expect(exitCode).toBe(1)
      }
      expect(difference(before, await on(snapshotScript))).toEqual({ gone: [], came: [] })
      expect(await on("ls -A /var/lib/fireclay 2>/dev/null || true")).toBe("")
    } finally {
      if (end !== undefined) await on(end)
    }
  })

  it("a clock that is minutes off is noted, and the release comes all the same", async () => {
    const { begin, end } = clock(1800)
    await on(begin)
    await writeConfig("")
    const { json } = await project.fireclay("plan")
    expect(json.fleets[0].machines[0].notes).toEqual(["the clock of server-1 is 30 minutes ahead of this machine's"])
    expect((await project.fireclay("apply", "--yes")).exitCode).toBe(0)
    await on(end)
    expect(await on("cat /etc/first")).toBe("first\n")
  })

  it("a unit that does not start shows its last lines, and nothing of it stays", async () => {
    const before = await on(snapshotScript)
    await writeConfig(`
      file("/etc/systemd/system/bad.service", { content: "[Service]\\nType=oneshot\\nExecStart=/bin/sh -c 'echo no database at port 5432; exit 3'\\n" }),
      service("bad", { enabled: false }),`)
    const { json, exitCode } = await project.fireclay("apply", "--yes")
    expect(exitCode).toBe(3)
    expect(json.error).toMatchObject({ code: "FC_ROLLOUT_REVERTED", because: ["FC_STEP_FAILED"], at: "server-1" })
    expect(json.error.message).toContain("start bad.service")
    expect(json.error.details.join("\n")).toContain("no database at port 5432")
    expect(difference(before, await on(snapshotScript))).toEqual({ gone: [], came: [] })
  })

  it("an owner and a directory that a package brings: planned, and so it comes", async () => {
    await writeConfig(
      `pkg("uuid-runtime"), file("/run/uuidd/f", { content: "", owner: "uuidd", group: "uuidd" }), directory("/var/lib/fc", { owner: "uuidd" })`,
    )
    const { json } = await project.fireclay("plan")
    expect(json.fleets[0].machines[0].notes).toEqual([
      "/run/uuidd/f needs the user uuidd, which is not there yet: a package (uuid-runtime) before it has to bring it",
      "/run/uuidd/f needs the group uuidd, which is not there yet: a package (uuid-runtime) before it has to bring it",
    ])
    const applied = await project.fireclay("apply", "--yes")
    expect(applied.json.error).toBeUndefined()
    expect(await on("stat -c '%U:%G' /var/lib/fc")).toBe("uuidd:uuidd\n")
  })
})
