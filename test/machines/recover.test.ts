import { createHash } from "node:crypto"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import type { Machine, Step } from "../../src/contract/index.ts"
import { transact } from "../../src/core/transaction/transaction.ts"
import { leaderOfDirectory } from "../../src/engines/local/instance.ts"
import { instanceDirectory, place } from "../../src/engines/local/place.ts"
import { dyingController, stateOf, want } from "../core/transaction-fixture.ts"
import { testEngine, testProject } from "../engines/local/support.ts"
import { difference, snapshotScript } from "../support/snapshot.ts"

const base = { distribution: "debian", suite: "bookworm", include: [] } as const
const project = testProject()
const engine = testEngine(project)
let machine: Machine
let old: string

const run = async (script: string): Promise<string> => (await machine.sh(script)).stdout.toString()
const status = (id: string): Promise<string> => run(`cat /var/lib/fireclay/txn/${id}/status`)

/** As a power cut would. */
const reset = async (): Promise<void> => {
  await machine.close()
  const leader = await leaderOfDirectory(instanceDirectory(place(project.options), "pet-1"))
  if (leader === undefined) throw new Error("it does not run")
  process.kill(leader, "SIGKILL")
  await vi.waitFor(async () => expect((await engine.list())[0]?.running).toBe(false), { timeout: 30_000 })
  await engine.start("pet-1")
  machine = engine.machine("pet-1")
  const isUp = async () => expect(await run("systemctl is-system-running")).toMatch(/running|degraded/)
  await vi.waitFor(isUp, { timeout: 60_000 })
}

const contents = new Map<string, Buffer>()
const file = (path: string, text: string): Step => {
  const sha256 = createHash("sha256").update(text).digest("hex")
  contents.set(sha256, Buffer.from(text))
  return { do: "write-file", path, content: { sha256, size: text.length }, mode: 0o644, owner: "root", group: "root" }
}
const service = (words: string): string =>
  `[Service]\nExecStart=/bin/sleep ${words}\n[Install]\nWantedBy=multi-user.target\n`

/** Every kind of step; the last takes longer than the machine has. */
const steps = (): readonly Step[] => [
  { do: "add-group", name: "crew", system: true },
  { do: "add-user", name: "web", system: true, createHome: true, home: "/home/web", groups: ["crew"] },
  { do: "install-packages", packages: [{ name: "sqlite3" }] },
  { do: "make-directory", path: "/srv/web", mode: 0o750, owner: "web", group: "crew" },
  file("/srv/web/page", "new\n"),
  file("/etc/motd", "new\n"),
  file("/etc/systemd/system/old.service", service("4000")),
  file("/etc/systemd/system/web.service", service("5000")),
  { do: "reload-units" },
  { do: "disable-unit", unit: "old.service" },
  { do: "stop-unit", unit: "old.service" },
  { do: "enable-unit", unit: "web.service" },
  { do: "start-unit", unit: "web.service" },
  { do: "run-command", argv: ["sh", "-c", "touch /root/done; sleep 600"], undo: ["rm", "-f", "/root/done"] },
]

/** A transaction under way on a machine whose controller is gone. */
const abandon = async (id: string, these: readonly Step[]): Promise<void> => {
  await transact(dyingController(machine), want(id, these, { bytes: contents })).catch(() => undefined)
}

beforeAll(async () => {
  await engine.create({ name: "pet-1", from: { base }, fleet: "pet", volumes: [], scratch: [] })
  machine = engine.machine("pet-1")
  await machine.sh(
    `cat > /etc/systemd/system/old.service; systemctl daemon-reload; systemctl enable --now old.service; apt-get update; apt-get clean; mkdir -p /var/lib/fireclay`,
    { input: Buffer.from(service("3000")) },
  )
  await reset()
  old = await run(snapshotScript)
})
afterAll(() => engine.destroy({ volumes: true }))

describe("a machine that is reset in the middle of a change", () => {
  it("is back at the old release once it has booted, without any contact", async () => {
    await abandon("t2", steps())
    await expect.poll(() => run("ls /root/done"), { timeout: 240_000 }).toBe("/root/done\n")
    expect(await run("systemctl is-active web.service old.service")).toBe("active\ninactive\n")
    await reset()
    const said = await run(
      "journalctl -q -b -o cat -u fireclay-recover.service; journalctl -q -b -o cat -g 'ordering cycle'; cd /var/lib/fireclay/txn/t2; cat broken; tail -n 60 log; cat journal",
    )
    expect(await status("t2"), said).toBe("undone\n")
    expect(await run("journalctl -q -b -o cat -g 'ordering cycle'")).toBe("")
    expect(difference(old, await run(snapshotScript))).toEqual({ gone: [], came: [] })
    expect(await run("systemctl is-active old.service; systemctl is-enabled old.service")).toBe("active\nenabled\n")
    expect(await run("pgrep -a sleep")).toMatch(/sleep 3000\n$/)
    expect(await run("ls /etc/systemd/system/fireclay-recover.service")).toBe("")
  })

  it("is at the new one, if that had been confirmed", async () => {
    await abandon("t3", steps().slice(5, 7))
    await expect.poll(() => status("t3"), { timeout: 60_000 }).toBe("applied\n")
    await machine.sh(
      `cd /var/lib/fireclay/txn/t3 && kill -9 -$(cat pid); cat > next.json; echo commit >> journal; sync`,
      { input: Buffer.from(JSON.stringify(stateOf(2))) },
    )
    await reset()
    expect(await status("t3")).toBe("committed\n")
    expect(await run("cat /etc/motd /var/lib/fireclay/current.json")).toBe(`new\n${JSON.stringify(stateOf(2))}`)
    expect(await run("ls /etc/systemd/system/fireclay-recover.service")).toBe("")
  })
})
