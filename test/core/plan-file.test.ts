import { chmod, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Fleet, Resource, Store } from "../../src/contract/index.ts"
import { openPlan, type Planned, parsePlan, planFleet, rollOut, savePlan, sightsOf } from "../../src/core/index.ts"
import { bundle } from "../../src/core/release.ts"
import { file } from "../../src/resources/index.ts"
import { defineProject, fleet, inPlace, spec, ssh } from "../../src/spec/index.ts"
import { memoryStore } from "../../src/stores/index.ts"
import { allAtOnce, rolling } from "../../src/strategies/index.ts"
import { me } from "../support/apply.ts"
import { type TestBench, testBench } from "../support/bench.ts"
import { caught } from "../support/catch.ts"
import { nameFleet } from "../support/fleet.ts"
import { openShellMachine, type ShellMachine, sharedRoot } from "../support/shell-machine.ts"

let shells: readonly ShellMachine[]
let store: Store

beforeEach(async () => {
  shells = await Promise.all(["web1", "web2"].map((host) => openShellMachine(host, { shared: true })))
  store = memoryStore()
})
afterEach(() => Promise.all(shells.map((shell) => shell.dispose())))

const at = (name: string): string => join(sharedRoot, name)
const text = (name: string, content: string): Resource => file(at(name), { content, ...me })

interface Settings {
  readonly hosts?: readonly string[]
  readonly confirm?: string
  readonly strategy?: ReturnType<typeof rolling>
}

const fleetOf = ({ hosts = ["web1", "web2"], confirm = "20s", strategy = allAtOnce() }: Settings = {}): Fleet => {
  return nameFleet(fleet(spec("web", { resources: [] }), { on: ssh({ hosts }), by: inPlace({ strategy, confirm }) }))
}

const bench = (): TestBench =>
  testBench({ store, machines: new Map(shells.map(({ machine }) => [machine.name, machine])) })

const planned = async (resources: readonly Resource[], web = fleetOf()): Promise<Planned> => {
  const bundled = await bundle(spec("web", { resources }), "/")
  return { fleet: web, bundled, plan: await planFleet(bench(), web, bundled) }
}

const save = async (resources: readonly Resource[]): Promise<string> => savePlan(bench(), [await planned(resources)])

const open = (saved: string, web = fleetOf()): Promise<readonly Planned[]> =>
  openPlan(bench(), [web], parsePlan(saved, "web.plan"), "web.plan")

const carryOut = async (saved: string): Promise<void> => {
  for (const { fleet: web, bundled, plan } of await open(saved))
    await rollOut(bench(), web, { bundle: bundled, shown: sightsOf(plan) })
}

const read = (name: string): Promise<readonly string[]> =>
  Promise.all(shells.map(({ root }) => readFile(join(root, name), "utf8")))

describe("a saved plan", () => {
  it("is carried out as it was saved, whatever the description says by now", async () => {
    await carryOut(await save([text("f", "1")]))
    expect(await read("f")).toEqual(["1", "1"])
    await carryOut(await save([text("f", "2"), text("g", "2")]))
    expect([await read("f"), await read("g")]).toEqual([
      ["2", "2"],
      ["2", "2"],
    ])
  })

  it("holds no content, and the plan that it is read as is the plan that was made", async () => {
    const made = await planned([text("f", "the content")])
    const saved = await savePlan(bench(), [made])
    expect(saved).not.toContain("the content")
    const [opened] = await open(saved)
    expect(opened?.plan.machines.map(({ steps }) => steps)).toEqual(made.plan.machines.map(({ steps }) => steps))
    const { tags: _, ...rest } = made.bundled
    expect(opened?.bundled).toEqual(rest)
  })

  it("can be carried out again after it failed, and not after it was done", async () => {
    const saved = await save([text("f", "1")])
    await shells[1]?.program("chown", "exit 1")
    expect((await caught(() => carryOut(saved))).code).toBe("FC_ROLLOUT_REVERTED")
    await shells[1]?.program("chown", 'exec /bin/chown "$@"')
    await carryOut(saved)
    expect(await read("f")).toEqual(["1", "1"])
    const error = await caught(() => carryOut(saved))
    expect([error.code, error.message]).toEqual([
      "FC_PLAN_STALE",
      `web.plan is no longer true (release 1 is in force, web1: another run changed the machine, web1: file:${at("f")} and 2 more); nothing was done`,
    ])
  })

  it.each<readonly [string, () => Promise<unknown>, Settings, string]>([
    ["a file is another", () => writeFile(join(shells[1]?.root ?? "", "f"), "x"), {}, `web2: file:${at("f")}`],
    ["a file's mode is", () => chmod(join(shells[0]?.root ?? "", "f"), 0o600), {}, `web1: file:${at("f")}`],
    ["a release was made", () => save([]).then(carryOut), {}, "release 2 is in force"],
    ["a machine was left out", async () => undefined, { hosts: ["web1"] }, "fleets.web.on is another"],
    ["a machine is confirmed later", async () => undefined, { confirm: "21s" }, "fleets.web.by is another"],
    ["the strategy is another", async () => undefined, { strategy: rolling() }, "fleets.web.by is another"],
  ])("is refused when %s", async (_, meanwhile, settings, named) => {
    await carryOut(await save([text("f", "1")]))
    const saved = await save([text("f", "2")])
    await meanwhile()
    const error = await caught(() => open(saved, fleetOf(settings)))
    expect([error.code, error.at]).toEqual(["FC_PLAN_STALE", "web.plan"])
    expect(error.message).toContain(named)
  })

  it("names all that changed, when that is much", async () => {
    const resources = ["a", "b", "c", "d"].map((name) => text(name, "1"))
    await carryOut(await save(resources))
    const saved = await save(["a", "b", "c", "d"].map((name) => text(name, "2")))
    for (const name of ["a", "b", "c", "d"]) await writeFile(join(shells[0]?.root ?? "", name), "x")
    const error = await caught(() => open(saved))
    expect(error.message).toContain("and 1 more")
    expect(error.details).toEqual(["a", "b", "c", "d"].map((name) => `web1: file:${at(name)}`))
  })

  it("is refused when this Fireclay would take other steps", async () => {
    const saved = await save([text("f", "1")])
    const { digest: _, ...rest } = JSON.parse(saved)
    const [web] = rest.fleets
    web.machines[0].steps.push({ do: "reload-units" })
    const error = await caught(() => openPlan(bench(), [fleetOf()], rest, "web.plan"))
    expect(error.message).toContain("web1: this version of Fireclay would take other steps")
  })

  it("keeps its contents in the store", async () => {
    const saved = await save([text("f", "1")])
    store = memoryStore()
    const error = await caught(() => open(saved))
    expect([error.code, error.message]).toEqual(["FC_STORE", "a file of release 1 is missing from the store"])
  })
})

describe("FC_PLAN_FILE", () => {
  it.each<readonly [string, (text: string) => string, string]>([
    ["is no JSON", () => "hello", "web.plan is not a plan of Fireclay's"],
    ["is no object", () => "[1]", "web.plan is not a plan of Fireclay's"],
    ["is another document", () => '{"schemaVersion":1}', "web.plan is not a plan of Fireclay's"],
    [
      "is of a later version",
      (saved) => saved.replace('"schemaVersion": 1', '"schemaVersion": 2'),
      "web.plan was saved by another version of Fireclay",
    ],
    ["was edited", (saved) => saved.replace('"to": 1', '"to": 2'), "web.plan was edited after it was saved"],
    ["was cut off", (saved) => saved.slice(0, -40), "web.plan is not a plan of Fireclay's"],
  ])("when it %s", async (_, change, message) => {
    const saved = await save([text("f", "1")])
    const error = await caught(async () => parsePlan(change(saved), "web.plan"))
    expect([error.code, error.message, error.at]).toEqual(["FC_PLAN_FILE", message, "web.plan"])
  })

  it("when it is another project's", async () => {
    const saved = await save([])
    const other = { ...bench(), project: defineProject({ name: "other", fleets: {} }) }
    const error = await caught(() => openPlan(other, [fleetOf()], parsePlan(saved, "web.plan"), "web.plan"))
    expect([error.code, error.message]).toEqual(["FC_PLAN_FILE", "web.plan is a plan for the project project"])
  })
})
