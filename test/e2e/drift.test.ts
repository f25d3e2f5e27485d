import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type TestProject } from "../support/project.ts"

const patient = 120_000

const config = `
import { allAtOnce, debian, defineProject, fleet, inPlace, local, replace, spec } from "fireclay"
import { directory, file, pkg, user } from "fireclay/resources"

const web = spec("web", {
  base: debian("bookworm"),
  resources: [
    pkg("cron"),
    user("app", { system: true }),
    directory("/srv/data"),
    file("/etc/motd", { content: "hello\\n" }),
  ],
  volumes: { data: { path: "/srv/data" } },
})

const app = spec("app", {
  base: debian("bookworm"),
  resources: [file("/srv/app/run", { content: "#!/bin/sh\\nexec sleep infinity\\n", mode: 0o755 })],
  run: { command: ["/srv/app/run"], writable: ["/srv/scratch"] },
})

export default defineProject({
  name: "drift-test",
  fleets: {
    pets: fleet(web, { on: local({ machines: 2 }), by: inPlace({ strategy: allAtOnce() }) }),
    cattle: fleet(app, { on: local({ count: 1 }), by: replace({ strategy: allAtOnce() }) }),
  },
})
`

let project: TestProject

beforeAll(async () => {
  project = await makeProject("drift")
  await project.write("fireclay.config.ts", config)
  const { exitCode, stderr } = await project.fireclay("apply", "--yes")
  if (exitCode !== 0) throw new Error(stderr)
}, patient)

afterAll(async () => {
  await project.fireclay("destroy", "--yes", "--delete-volumes", "pets/data")
  await project.dispose()
})

/** As root, behind the tool's back. */
const tamper = async (script: string): Promise<void> => {
  const { json } = await project.fireclay("exec", "pets-1", "--", "sh", "-c", script)
  const [{ exitCode, stderr }] = json.machines
  if (exitCode !== 0) throw new Error(stderr)
}

interface Said {
  readonly declared: readonly string[]
  readonly undeclared: readonly string[]
}

const look = async (machine: string, ...words: readonly string[]): Promise<Said> => {
  const { json, stderr } = await project.fireclay("drift", "pets", ...words)
  const found = json?.fleets[0].machines.find((each: { readonly machine: string }) => each.machine === machine)
  if (found?.since === undefined) throw new Error(`no baseline: ${stderr}`)
  return {
    declared: found.declared.map(({ id }: { readonly id: string }) => id),
    undeclared: found.undeclared.map(
      ({ kind, what, change }: { readonly kind: string; readonly what: string; readonly change: string }) =>
        `${change} ${kind} ${what}`,
    ),
  }
}

const nothing: Said = { declared: [], undeclared: [] }

describe("drift", () => {
  it("finds nothing on machines that were just converged", { timeout: patient }, async () => {
    expect([await look("pets-1"), await look("pets-2")]).toEqual([nothing, nothing])
    expect((await project.fireclay("drift", "--detailed-exitcode")).exitCode).toBe(0)
    expect(await look("pets-2", "--full")).toEqual(nothing)
  })

  it("finds nothing after a life of its own: logs, data, logins, rotation, its timers", {
    timeout: patient,
  }, async () => {
    await tamper(`
      set -e
      echo x >>/var/log/own.log; echo y >/srv/data/upload; touch /etc/hostname /usr/bin/env
      su -s /bin/sh -c true app; su - root -c 'exit 0'
      systemctl start systemd-tmpfiles-clean.service; systemctl start dpkg-db-backup.service || true
      systemd-run --wait --quiet true
      date >/var/cache/own; date >/tmp/own; date >/root/.bash_history
    `)
    expect(await look("pets-1")).toEqual(nothing)
  })

  it("finds nothing after a restart", { timeout: patient }, async () => {
    await tamper("(sleep 0.2; kill -s RTMIN+4 1) >/dev/null 2>&1 &")
    const isRunning = async (): Promise<boolean> =>
      (await project.fireclay("status", "pets")).json.fleets[0].members[0].running
    for (let tries = 0; tries < 50 && (await isRunning()); tries++) await sleep(200)
    await project.fireclay("apply", "--yes")
    expect(await isRunning()).toBe(true)
    expect(await look("pets-1")).toEqual(nothing)
  })

  it.each<readonly [string, string, string]>([
    ["a described file", "echo more >>/etc/motd", "file:/etc/motd"],
    ["its mode", "chmod 600 /etc/motd", "file:/etc/motd"],
    ["a described account", "usermod -s /bin/bash app", "user:app"],
  ])("finds %s that was changed", { timeout: patient }, async (_, script, id) => {
    await tamper(script)
    expect(await look("pets-1")).toEqual({ declared: [id], undeclared: [] })
    await project.fireclay("apply", "--yes")
    expect(await look("pets-1")).toEqual(nothing)
  })

  /** What is done, how it is found, and how it is put back. */
  const kinds: readonly (readonly [script: string, found: string, back: string])[] = [
    [
      "cp /bin/true /usr/local/bin/x && chmod 4755 /usr/local/bin/x",
      "added setuid program /usr/local/bin/x",
      "rm /usr/local/bin/x",
    ],
    ["cp /bin/true /tmp/x && chmod 4755 /tmp/x", "added setuid program /tmp/x", "rm /tmp/x"],
    ["chmod u-s /usr/bin/su", "changed setuid program /usr/bin/su", "chmod u+s /usr/bin/su"],
    ["echo '* * * * * root id' >/etc/cron.d/x", "added cron job /etc/cron.d/x", "rm /etc/cron.d/x"],
    ["echo '* * * * * id' | crontab -u app -", "added cron job /var/spool/cron/crontabs/app", "crontab -u app -r"],
    [
      "mkdir -p /root/.ssh && echo key >/root/.ssh/authorized_keys",
      "added SSH key /root/.ssh/authorized_keys",
      "rm -r /root/.ssh",
    ],
    ["useradd eve", "added account eve", "userdel eve"],
    ["echo root:new | chpasswd", "changed password root", "passwd -d root >/dev/null; usermod -p '*' root"],
    [
      "printf '[Service]\\nNice=1\\n' >/etc/systemd/system/x.service",
      "added unit /etc/systemd/system/x.service",
      "rm /etc/systemd/system/x.service",
    ],
    ["systemctl stop cron", "removed running unit cron.service", "systemctl start cron"],
    ["echo /lib/x.so >/etc/ld.so.preload", "added library loading /etc/ld.so.preload", "rm /etc/ld.so.preload"],
    [
      "ln -sf /bin/true /etc/alternatives/pager",
      "changed alternative /etc/alternatives/pager",
      "ln -sf /bin/more /etc/alternatives/pager",
    ],
    ["rm /etc/securetty /etc/debconf.conf 2>/dev/null; true", "removed file /etc/debconf.conf", "true"],
    ["mount -t tmpfs none /mnt", "added mount /mnt", "umount /mnt"],
    ["chmod 644 /etc/shadow", "changed account file /etc/shadow", "chmod 640 /etc/shadow"],
    [
      "cp /bin/sleep /opt/s && (setsid /opt/s 60 >/dev/null 2>&1 &) && sleep 0.2 && rm /opt/s",
      "added process /opt/s (deleted)",
      "pkill -f '^/opt/s'",
    ],
    // With its old size and times: the time of the change itself cannot be set.
    [
      "f=/usr/bin/uptime; cp -p $f /srv/data/f; touch -r $f /srv/data/t; printf X | dd of=$f bs=1 seek=100 conv=notrunc 2>/dev/null; touch -r /srv/data/t $f",
      "changed program /usr/bin/uptime",
      "cat /srv/data/f >/usr/bin/uptime",
    ],
    [
      "dpkg --remove --force-depends --force-remove-protected tzdata >/dev/null 2>&1",
      "changed package tzdata:all",
      "true",
    ],
  ]

  describe("behind its back", () => {
    let found: readonly string[] = []
    beforeAll(async () => {
      await tamper(kinds.map(([script]) => `(${script})`).join("\n"))
      found = (await look("pets-1")).undeclared
      await tamper(kinds.map(([, , back]) => `(${back})`).join("\n"))
    }, patient)

    it.each(kinds)("finds: %s", (_, what) => {
      expect(found).toContain(what)
    })
  })

  it("looks at instances too: what runs, and what came after the start", { timeout: patient }, async () => {
    const lookAtInstance = async () => {
      const { json } = await project.fireclay("drift", "cattle")
      const [{ since, undeclared }] = json.fleets[0].machines
      expect(since).toBeTypeOf("string")
      return undeclared.map(({ kind, what }: { readonly kind: string; readonly what: string }) => `${kind} ${what}`)
    }
    expect(await lookAtInstance()).toEqual([])
    const script = "echo data >/srv/scratch/data; cp /bin/true /srv/scratch/tool; chmod +x /srv/scratch/tool"
    await project.fireclay("exec", "cattle", "--", "sh", "-c", script)
    expect(await lookAtInstance()).toEqual(["program /srv/scratch/tool"])
  })

  it("goes on telling of what nobody asked for when something else is delivered", { timeout: patient }, async () => {
    await tamper("echo x >/etc/stray; touch /usr/local/bin/stray")
    await project.write("fireclay.config.ts", config.replace("hello", "hello again"))
    expect((await project.fireclay("apply", "--yes")).exitCode).toBe(0)
    const { declared, undeclared } = await look("pets-1")
    expect(declared).toEqual([])
    expect(undeclared).toEqual(expect.arrayContaining(["added file /etc/stray", "added file /usr/local/bin/stray"]))
    expect(await look("pets-2")).toEqual(nothing)
  })

  it("writes what it found into the machine's history, once", { timeout: patient }, async () => {
    await look("pets-1")
    await look("pets-1")
    const { json } = await project.fireclay("history", "pets-1")
    const told = json.history.filter(({ kind }: { readonly kind: string }) => kind === "drift.found")
    expect(told.at(-1).what).toContain("/etc/stray")
    expect(new Set(told.map(({ what }: { readonly what: string }) => what)).size).toBeGreaterThan(4)
    expect(told.filter(({ what }: { readonly what: string }) => what === told.at(-1).what)).toHaveLength(1)
  })
})
