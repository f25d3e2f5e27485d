import { readFile, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Fleet, Resource, Router, Store } from "../../src/contract/index.ts"
import { planFleet, rollOut, sightsOf } from "../../src/core/index.ts"
import { readFleet } from "../../src/core/ledger.ts"
import type { Limit } from "../../src/core/limit.ts"
import type { MachineState } from "../../src/core/machine-state.ts"
import { bundle } from "../../src/core/release.ts"
import { applyLimited } from "../../src/core/rollout/limited.ts"
import { command, directory, file, service } from "../../src/resources/index.ts"
import { memoryRouter } from "../../src/routers/index.ts"
import { fleet, inPlace, spec, ssh } from "../../src/spec/index.ts"
import { memoryStore } from "../../src/stores/index.ts"
import { allAtOnce, rolling } from "../../src/strategies/index.ts"
import { me } from "../support/apply.ts"
import { testBench } from "../support/bench.ts"
import { caught } from "../support/catch.ts"
import { nameFleet } from "../support/fleet.ts"
import { openShellMachine, type ShellMachine, sharedRoot } from "../support/shell-machine.ts"
import { listTree } from "../support/tree.ts"

const hosts = ["web1", "web2"]
let shells: readonly ShellMachine[]
let store: Store
let router: Router
let sick: Set<string>

beforeEach(async () => {
  shells = await Promise.all(hosts.map((host) => openShellMachine(host, { shared: true })))
  for (const { program, home } of shells)
    await program(
      "systemctl",
      [
        'case "$*" in *--value*) echo active;; is-active*) echo active;; is-enabled*) echo enabled;;',
        "show*) printf 'LoadState=loaded\\nActiveState=active\\nUnitFileState=enabled\\n';;",
        `*) echo "$*" | sed 's/ -- / /' >>${home}.calls;; esac`,
      ].join("\n"),
    )
  store = memoryStore()
  router = memoryRouter()
  sick = new Set()
})
afterEach(() => Promise.all(shells.map((shell) => shell.dispose())))

const at = (name: string): string => join(sharedRoot, name)
const text = (name: string, content: string): Resource => file(at(name), { content, ...me })
const app = (options = {}): Resource => service("app", { restartOn: [at("conf")], ...options })

const health = { path: "/", within: "1s" }
const fleetOf = (listen = true): Fleet => {
  const by = inPlace({ strategy: listen ? rolling() : allAtOnce(), drain: "1s", confirm: "20s" })
  const empty = spec("web", { resources: [], port: 80, health })
  return nameFleet(fleet(empty, { on: ssh({ hosts }), by, ...(listen ? { listen: 8080 } : {}) }))
}

const bench = () => ({
  ...testBench({
    store,
    router,
    machines: new Map(
      shells.map(({ machine }) => [
        machine.name,
        {
          ...machine,
          address: async () => machine.name,
          sh: (script: string, options = {}) =>
            machine.sh(script.replace("[ -d /run/systemd/system ]", "true"), options),
        },
      ]),
    ),
    probe: async ({ address }) =>
      sick.has(address) ? { healthy: false, lastError: "status 500" } : { healthy: true, afterMs: 1 },
  }),
  now: () => Date.UTC(2026, 10, 24, 21),
})

const bundleOf = (resources: readonly Resource[]) => bundle(spec("web", { resources, port: 80, health }), "/")
const full = async (resources: readonly Resource[], web = fleetOf()) =>
  rollOut(bench(), web, { bundle: await bundleOf(resources) })
const plan = async (resources: readonly Resource[], limit?: Limit, web = fleetOf()) =>
  planFleet(bench(), web, await bundleOf(resources), { limit })
const limitTo = ({ on, only }: { on?: readonly string[]; only?: readonly string[] }): Limit => ({
  machines: on === undefined ? undefined : new Set(on),
  only: only === undefined ? undefined : new Set(only),
})
const run = async (resources: readonly Resource[], to: Parameters<typeof limitTo>[0], web = fleetOf()) => {
  const [limit, bundled] = [limitTo(to), await bundleOf(resources)]
  const shown = sightsOf(await planFleet(bench(), web, bundled, { limit }))
  return applyLimited(bench(), web, { bundle: bundled, limit, shown })
}

const read = (name: string): Promise<readonly string[]> =>
  Promise.all(shells.map(({ root }) => readFile(join(root, name), "utf8").catch(() => "none")))
const state = async (index = 0): Promise<MachineState> =>
  JSON.parse(
    // By the name that all of them are described with.
    (await readFile(join(shells[index]?.home ?? "", "current.json"), "utf8")).replaceAll(
      dirname(shells[index]?.root ?? ""),
      dirname(sharedRoot),
    ),
  )
const calls = async (index = 0): Promise<readonly string[]> =>
  (await readFile(`${shells[index]?.home}.calls`, "utf8").catch(() => "")).split("\n").filter((line) => line !== "")
const kinds = async (): Promise<readonly string[]> => (await store.events()).map(({ kind }) => kind)
const conf = `file:${at("conf")}`

describe("a limited run", () => {
  it("changes only these machines, and is no release", async () => {
    await full([text("f", "1")])
    const result = await run([text("f", "2")], { on: ["web2"] })
    expect(result).toMatchObject({ fleet: "web", limited: true, changed: ["web2"] })
    expect([await read("f"), (await readFleet(store, "web")).current]).toEqual([["1", "2"], 1])
    expect((await kinds()).slice(-1)).toEqual(["limited.applied"])
    expect([await state(0), await state(1)]).toMatchObject([{ release: 1 }, { release: 1, limited: true }])
    expect((await store.events({ kind: "limited.applied" }))[0]?.body).toMatchObject({
      machines: ["web2"],
      resources: null,
      changed: ["web2"],
    })
  })

  it("changes only these resources, and removes nothing that left the description", async () => {
    await full([text("f", "1"), text("g", "1"), text("gone", "1")])
    await run([text("f", "2"), text("g", "2"), text("new", "2")], { only: [`file:${at("f")}`, `file:${at("new")}`] })
    expect(await Promise.all(["f", "g", "new", "gone"].map(read))).toEqual([
      ["2", "2"],
      ["1", "1"],
      ["2", "2"],
      ["1", "1"],
    ])
    const { resources } = await state()
    expect(resources.map(({ id, created }) => [id.split("/").at(-1), created])).toEqual([
      ["f", true],
      ["g", true],
      ["gone", true],
      ["new", true],
    ])
  })

  it("is followed by a full run that goes on from there", async () => {
    await full([text("f", "1"), text("gone", "1")])
    const wanted = [text("f", "2"), text("d/g", "2"), directory(at("d"), me)]
    await run(wanted, { only: [`file:${at("d/g")}`] })
    expect((await plan(wanted)).machines[0]?.differences.map(({ id, action }) => `${action} ${id}`)).toEqual([
      `remove file:${at("gone")}`,
      `change file:${at("f")}`,
    ])
    expect(await full(wanted)).toMatchObject({ release: 2, from: 1 })
    expect(await state()).not.toHaveProperty("limited")
    await full([])
    expect(await listTree(shells[0]?.root ?? "", { times: false })).toHaveLength(1)
  })

  it("leaves a fleet with something to do, also when no resource differs any more", async () => {
    await full([text("f", "1")])
    await run([text("f", "2")], { only: [`file:${at("f")}`] })
    const after = await plan([text("f", "2")])
    expect([after.empty, after.to, after.machines.flatMap(({ steps }) => steps)]).toEqual([false, 2, []])
    await full([text("f", "2")])
    expect((await plan([text("f", "2")])).empty).toBe(true)
    expect((await plan([text("f", "1")])).empty).toBe(false)
  })

  it("of the very description that is in force leaves it in force", async () => {
    await full([text("f", "1")])
    await writeFile(join(shells[0]?.root ?? "", "f"), "by hand")
    await run([text("f", "1")], { on: ["web1"] })
    expect([await read("f"), (await plan([text("f", "1")])).empty]).toEqual([["1", "1"], true])
    expect(await state()).not.toHaveProperty("limited")
  })

  it("comes before any release, and lets no requests to such a machine", async () => {
    await run([text("f", "1")], { on: ["web1"] })
    expect([await read("f"), await router.list()]).toEqual([["1", "none"], []])
    expect(await state()).toMatchObject({ limited: true, resources: [{ created: true }] })
    expect(await state()).not.toHaveProperty("release")
    expect((await plan([text("f", "1")])).from).toBeUndefined()
    expect(await full([text("f", "1")])).toMatchObject({ release: 1 })
    expect((await router.list()).map(({ id }) => id)).toEqual(["web1", "web2"])
  })

  it("does nothing where nothing differs", async () => {
    await full([text("f", "1")])
    const before = await state()
    expect((await plan([text("f", "1")], limitTo({ on: ["web1"] }))).empty).toBe(true)
    expect((await run([text("f", "1")], { on: ["web1"] })).changed).toEqual([])
    expect(await state()).toEqual(before)
  })

  it.each([true, false])("is undone everywhere when a machine does not become healthy; router: %s", async (routed) => {
    await full([text("f", "1")], fleetOf(routed))
    const before = await Promise.all(shells.map(({ root }) => listTree(root)))
    const states = [await state(0), await state(1)]
    const second = bench()
    // Well before the run, and after it; not while it changes.
    const probe = second.probe
    const unwell = {
      ...second,
      secrets: { ...second.secrets, redact: (said: string) => said.replaceAll("hunter22", "‹secret TOKEN›") },
      probe: async (...given: Parameters<typeof probe>) =>
        given[0].address === "web2" && (await read("f"))[1] === "2"
          ? ({ healthy: false, lastError: "status hunter22" } as const)
          : probe(...given),
    }
    const web = fleetOf(routed)
    const bundled = await bundleOf([text("f", "2")])
    const error = await caught(() =>
      applyLimited(unwell, web, { bundle: bundled, limit: limitTo({ only: [`file:${at("f")}`] }) }),
    )
    expect(error.code).toBe("FC_ROLLOUT_REVERTED")
    expect(error.message).toContain(
      "web2 was not healthy within 1 s: status ‹secret TOKEN›; every machine is where it was",
    )
    expect(await Promise.all(shells.map(({ root }) => listTree(root)))).toEqual(before)
    expect([await state(0), await state(1)]).toEqual(states)
    expect((await kinds()).slice(-1)).toEqual(["limited.reverted"])
    expect(JSON.stringify(await store.events())).not.toContain("hunter22")
    if (routed)
      expect((await router.list()).map(({ id, state: is }) => `${id}:${is}`)).toEqual(["web1:ready", "web2:ready"])
  })

  it("says so when it cannot be undone everywhere", async () => {
    const stuck = command("stuck", { check: ["false"], run: ["true"], undo: ["false"] })
    await full([])
    sick.add("web2")
    const error = await caught(() => run([stuck], { only: ["command:stuck"] }, fleetOf(false)))
    expect([error.code, (await kinds()).at(-1)]).toEqual(["FC_ROLLOUT_FAILED", "limited.failed"])
  })

  it("refuses what nobody saw, before it changes anything", async () => {
    await full([text("f", "1")])
    const limit = limitTo({ only: [`file:${at("f")}`] })
    const bundled = await bundleOf([text("f", "2")])
    const shown = sightsOf(await plan([text("f", "2")], limit))
    await writeFile(join(shells[1]?.root ?? "", "f"), "x")
    const error = await caught(() => applyLimited(bench(), fleetOf(), { bundle: bundled, limit, shown }))
    expect([error.code, error.at, await read("f")]).toEqual(["FC_PLAN_STALE", "web2", ["1", "x"]])
  })
})

describe("a reaction that a limited run leaves out", () => {
  const wanted = (content: string): readonly Resource[] => [text("conf", content), text("other", content), app()]

  beforeEach(() => full(wanted("1")))

  it("is announced, owed, and paid by the next run with that resource", async () => {
    const before = (await calls()).length
    const limited = await plan(wanted("2"), limitTo({ only: [conf] }))
    expect(limited.machines[0]?.owes).toEqual([{ resource: "service:app.service", because: [conf] }])
    await run(wanted("2"), { only: [conf] })
    expect((await calls()).slice(before)).toEqual([])
    const owed = [{ resource: "service:app.service", because: [conf], since: "2026-11-24T21:00:00.000Z" }]
    expect((await state()).owed).toEqual(owed)
    const next = await plan(wanted("2"))
    expect(next.machines[0]?.differences.at(-1)).toMatchObject({
      id: "service:app.service",
      cause: "intent",
      changes: [{ property: "restart", to: conf, owedSince: "2026-11-24T21:00:00.000Z" }],
      steps: [{ do: "restart-unit", unit: "app.service" }],
    })
    await full(wanted("2"))
    expect((await calls()).slice(before)).toEqual(["restart app.service"])
    expect(await state()).not.toHaveProperty("owed")
    expect((await plan(wanted("2"))).empty).toBe(true)
  })

  it("can be paid by a limited run", async () => {
    await run(wanted("2"), { only: [conf] })
    await run(wanted("2"), { only: ["service:app.service"] })
    expect((await calls()).at(-1)).toBe("restart app.service")
    expect(await state()).not.toHaveProperty("owed")
  })

  it("stays owed while others are changed, since it was, with all that gave cause", async () => {
    await run(wanted("2"), { only: [conf] })
    await run([text("conf", "2"), text("more", "3"), app({ restartOn: [at("conf"), at("more")] })], {
      only: [`file:${at("more")}`],
    })
    expect((await state()).owed).toEqual([
      {
        resource: "service:app.service",
        because: [conf, `file:${at("more")}`],
        since: "2026-11-24T21:00:00.000Z",
      },
    ])
  })

  it.each<readonly [string, () => readonly Resource[], readonly string[]]>([
    ["it would not react to that", () => wanted("2"), [`file:${at("other")}`]],
    ["it is part of the run", () => wanted("2"), [conf, "service:app.service"]],
    ["nothing changed", () => wanted("1"), [conf]],
    ["it is not to run", () => [text("conf", "2"), app({ running: false })], [conf]],
  ])("is none when %s", async (_, resources, only) => {
    const limited = await plan(resources(), limitTo({ only }))
    expect(limited.machines.map(({ owes }) => owes)).toEqual([[], []])
  })

  it("is forgotten with its resource", async () => {
    await run(wanted("2"), { only: [conf] })
    await full([text("conf", "2")])
    expect(await state()).not.toHaveProperty("owed")
  })

  it("is owed again when the run that paid it is undone", async () => {
    await run(wanted("2"), { only: [conf] })
    const before = await state()
    const web = fleetOf(false)
    sick.add("web2")
    expect((await caught(() => run(wanted("2"), { only: ["service:app.service"] }, web))).code).toBe(
      "FC_ROLLOUT_REVERTED",
    )
    expect(await state()).toEqual(before)
  })
})
