import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type TestProject } from "../support/project.ts"
import { difference, snapshotScript } from "../support/snapshot.ts"
import { type SshServers, startSshServers } from "../support/ssh-servers.ts"

let servers: SshServers
let project: TestProject

beforeAll(async () => {
  servers = await startSshServers(3)
  project = await makeProject("ssh")
}, 300_000)

afterAll(async () => {
  await project?.dispose()
  await servers?.dispose()
})

const unit = "fireclay-web.service"

/** The project's configuration, with more resources before the page if asked. */
const writeConfig = (extra = ""): Promise<void> =>
  project.write(
    "fireclay.config.ts",
    `import { defineProject, fleet, inPlace, rolling, spec, ssh } from "fireclay"
import { command, directory, file, group, link, pkg, service, user } from "fireclay/resources"

const web = spec("web", {
  resources: [
    pkg("sqlite3"),
    group("web-data"),
    user("web", { system: true, groups: ["web-data"] }),
    ${extra}
    directory("/srv/data", { owner: "web", group: "web-data", mode: "0750" }),
    file("/srv/web/index.html", { source: "./index.html", owner: "web" }),
    link("/srv/current", { target: "/srv/web" }),
  ],
  run: { command: ["/usr/bin/python3", "-m", "http.server", "--directory", "/srv/web", "8000"], user: "web" },
  port: 8000,
  health: { path: "/", within: "20s" },
})

export default defineProject({
  name: "ssh-test",
  fleets: { web: fleet(web, { on: ssh({ hosts: ${JSON.stringify(servers.hosts)} }), by: inPlace({ strategy: rolling({ batch: 1 }) }) }) },
})
`,
  )

const onAll = (script: string): Promise<readonly string[]> =>
  Promise.all(
    servers.hosts.map(async (_, index) => (await servers.exec(index, ["sh", "-c", script])).stdout.toString()),
  )

const starts = async (): Promise<readonly number[]> =>
  (await onAll(`journalctl -q -o cat -u ${unit} | grep -c '^Started'`)).map(Number)

const page = (): Promise<readonly string[]> => onAll("cat /srv/web/index.html")

describe("three servers over SSH, in place", () => {
  it("tells how they differ before anything was delivered to them, and touches none", async () => {
    await project.write("index.html", "one\n")
    await writeConfig()
    await servers.exec(2, ["sh", "-c", "echo x >/etc/snowflake; passwd -d games"])
    const { json, exitCode } = await project.fireclay("drift", "--compare-machines")
    expect(exitCode).toBe(0)
    const [{ machines, unlike }] = json.fleets
    expect(machines).toHaveLength(3)
    const others = machines.slice(0, 2)
    expect(unlike).toEqual([
      {
        ...{ kind: "file", what: "/etc/snowflake" },
        groups: [{ machines: others }, { machines: [machines[2]], has: "mode 0644, owner root, 2 bytes" }],
      },
      {
        ...{ kind: "password", what: "games" },
        groups: [
          { machines: others, has: "locked" },
          { machines: [machines[2]], has: "none" },
        ],
      },
    ])
    await servers.exec(2, ["sh", "-c", "rm /etc/snowflake; usermod -p '*' games"])
    expect(await onAll("test -e /var/lib/fireclay && echo touched || echo untouched")).toEqual(
      Array(3).fill("untouched\n"),
    )
  })

  it("takes them to the first release, all of it", async () => {
    await project.write("index.html", "one\n")
    await writeConfig(`file("/etc/extra.conf", { content: "extra\\n" }),`)
    const plan = await project.fireclay("plan", "--detailed-exitcode")
    expect(plan.exitCode).toBe(2)
    expect(plan.json.fleets[0].machines).toHaveLength(3)
    const applied = await project.fireclay("apply", "--yes")
    expect(applied.stderr).not.toContain("FC_")
    expect(applied.exitCode).toBe(0)
    expect(await page()).toEqual(["one\n", "one\n", "one\n"])
    expect(
      await onAll(
        `systemctl is-active ${unit}; stat -c '%U:%G %a' /srv/data; id -nG web; readlink /srv/current; dpkg-query -W -f '\${db:Status-Abbrev}' sqlite3`,
      ),
    ).toEqual(Array(3).fill("active\nweb:web-data 750\nweb web-data\n/srv/web\nii "))
  })

  it("changes nothing the second time, and says so", async () => {
    const before = await starts()
    const applied = await project.fireclay("apply")
    expect(applied.exitCode).toBe(0)
    expect(applied.json.fleets[0]).toMatchObject({ fleet: "web", release: 1, moves: 0 })
    expect((await project.fireclay("plan", "--detailed-exitcode")).exitCode).toBe(0)
    expect(await starts()).toEqual(before)
  })

  it("restarts the unit once for a changed file", async () => {
    const before = await starts()
    await project.write("index.html", "two\n")
    const plan = await project.fireclay("plan")
    expect(plan.json.fleets[0].machines[0].differences.map((difference: { id: string }) => difference.id)).toEqual([
      "file:/srv/web/index.html",
      `service:${unit}`,
    ])
    expect((await project.fireclay("apply", "--yes")).exitCode).toBe(0)
    expect(await page()).toEqual(["two\n", "two\n", "two\n"])
    expect(await starts()).toEqual(before.map((count) => count + 1))
  })

  it("removes a resource that has left the spec", async () => {
    await writeConfig()
    expect((await project.fireclay("apply", "--yes")).exitCode).toBe(0)
    expect(await onAll("test -e /etc/extra.conf && echo there || echo gone")).toEqual(["gone\n", "gone\n", "gone\n"])
  })

  it("rolls back to the release before, files and resources", async () => {
    const rolled = await project.fireclay("rollback", "web", "--yes")
    expect(rolled.json.fleets[0]).toMatchObject({ from: 3, release: 2 })
    expect(await onAll("cat /etc/extra.conf")).toEqual(["extra\n", "extra\n", "extra\n"])
    const further = await project.fireclay("rollback", "web", "--to", "1", "--yes")
    expect(further.exitCode).toBe(0)
    expect(await page()).toEqual(["one\n", "one\n", "one\n"])
    expect(
      (await project.fireclay("status")).json.fleets[0].members.map((member: { release: number; healthy: boolean }) => [
        member.release,
        member.healthy,
      ]),
    ).toEqual(Array(3).fill([1, true]))
  })

  it("corrects what drifted, and calls it drift", async () => {
    await servers.exec(1, ["sh", "-c", "echo tampered > /srv/web/index.html; chmod 600 /srv/data"])
    await writeConfig(`file("/etc/extra.conf", { content: "extra\\n" }),`)
    await project.write("index.html", "one\n")
    const plan = await project.fireclay("plan")
    const changed = plan.json.fleets[0].machines.flatMap(
      (machine: { machine: string; differences: { id: string; cause: string }[] }) =>
        machine.differences.map(({ id, cause }) => `${machine.machine === servers.hosts[1]?.name} ${id} ${cause}`),
    )
    expect(changed).toContain("true file:/srv/web/index.html drift")
    expect(changed.every((line: string) => line.startsWith("true "))).toBe(true)
    expect((await project.fireclay("apply", "--yes")).exitCode).toBe(0)
    expect(await page()).toEqual(["one\n", "one\n", "one\n"])
  })

  it("leaves all three on the old release when a step fails half-way on one of them", async () => {
    await servers.exec(1, ["touch", "/etc/fail-here"])
    const before = await onAll(snapshotScript)
    await project.write("index.html", "never\n")
    await writeConfig(`
      pkg("tree"),
      user("second", {}),
      file("/etc/extra.conf", { content: "changed\\n", mode: "0600" }),
      directory("/srv/new/deep"),
      file("/srv/web/index.html.new", { content: "x" }),
      command("fails on one", { run: ["/usr/bin/test", "!", "-e", "/etc/fail-here"], check: ["/bin/false"], undo: ["/bin/true"] }),`)
    const applied = await project.fireclay("apply", "--yes")
    expect(applied.exitCode).toBe(3)
    expect(applied.json.error.code).toBe("FC_ROLLOUT_REVERTED")
    expect(applied.json.error.message).toContain("run /usr/bin/test ! -e /etc/fail-here")
    expect(applied.json.error.details.filter((line: string) => line.endsWith("release 1"))).toHaveLength(3)
    const after = await onAll(snapshotScript)
    for (const [index, text] of after.entries())
      expect(difference(before[index] ?? "", text)).toEqual({ gone: [], came: [] })
    expect(
      (await project.fireclay("status")).json.fleets[0].members.map((member: { release: number; healthy: boolean }) => [
        member.release,
        member.healthy,
      ]),
    ).toEqual(Array(3).fill([1, true]))
  })

  it("tells a second controller who is at work", async () => {
    await servers.exec(1, ["rm", "/etc/fail-here"])
    await project.write("index.html", "three\n")
    await writeConfig(
      `command("slow", { run: ["/bin/sleep", "3"], check: ["/usr/bin/test", "-e", "/never"], undo: ["/bin/true"] }),`,
    )
    const first = project.fireclay("apply", "--yes")
    let second = await project.fireclay("status")
    for (let tries = 0; tries < 20 && second.json?.error === undefined; tries += 1)
      second = await project.fireclay("rollback", "web", "--to", "1", "--yes")
    expect(second.json.error.code).toBe("FC_LEASE_HELD")
    expect(second.json.error.message).toMatch(
      /^\S+@\S+ \(process \d+\) is working on web since \S+: apply web, release \d+$/,
    )
    await first
  })

  it("lets go of servers that existed before", async () => {
    const destroyed = await project.fireclay("destroy", "--yes")
    expect(destroyed.exitCode).toBe(0)
    expect(
      await onAll("test -e /var/lib/fireclay && echo there || echo gone; systemctl is-active fireclay-web"),
    ).toEqual(Array(3).fill("gone\nactive\n"))
  })
})
