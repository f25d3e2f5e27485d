import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Fleet, MachineFacts, Resource, ResourcesOf, Store } from "../../src/contract/index.ts"
import { parsePlan } from "../../src/core/plan/saved.ts"
import { openPlan, savePlan } from "../../src/core/plan-file.ts"
import { sightsOf } from "../../src/core/plan-fleet.ts"
import { planSpec } from "../../src/core/plan-spec.ts"
import { rollOut } from "../../src/core/rollout/rollout.ts"
import { file } from "../../src/resources/index.ts"
import { fleet, inPlace, spec, ssh } from "../../src/spec/index.ts"
import { memoryStore } from "../../src/stores/index.ts"
import { rolling } from "../../src/strategies/index.ts"
import { me } from "../support/apply.ts"
import { type TestBench, testBench } from "../support/bench.ts"
import { caught } from "../support/catch.ts"
import { nameFleet } from "../support/fleet.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"

let shells: readonly ShellMachine[]
let store: Store

beforeEach(async () => {
  shells = await Promise.all(["web1", "web2", "web3"].map((name) => openShellMachine(name)))
  store = memoryStore()
  for (const [index] of shells.entries()) await setAddress(index, `192.0.2.${index + 1}`)
})
afterEach(() => Promise.all(shells.map((shell) => shell.dispose())))

/** Of all that a machine says of itself this is what a test can change. */
const setAddress = async (index: number, address: string): Promise<void> => {
  await shells[index]?.program("hostname", `echo ${address}`)
}

const bench = (count = 2): TestBench =>
  testBench({ store, machines: new Map(shells.slice(0, count).map(({ machine }) => [machine.name, machine])) })

const at = (machine: MachineFacts, name: string): string =>
  join(shells.find((shell) => shell.machine.name === machine.name)?.root ?? "", name)
const addressFile = (machine: MachineFacts): Resource =>
  file(at(machine, "address"), { content: machine.addresses.v4.join(), ...me })

const fleetOf = (resources: ResourcesOf, count = 2): Fleet => {
  const hosts = shells.slice(0, count).map(({ machine }) => machine.name)
  return nameFleet(
    fleet(spec("web", { resources }), {
      on: ssh({ hosts }),
      by: inPlace({ strategy: rolling(), confirm: "20s" }),
    }),
  )
}

/** Round trips to each machine that some work takes. */
const rounds = async <T>(work: () => Promise<T>): Promise<readonly [T, readonly number[]]> => {
  for (const shell of shells) shell.scripts.length = 0
  const result = await work()
  return [result, shells.slice(0, 2).map(({ scripts }) => scripts.length)]
}

const apply = async (fleetToApply: Fleet, count = 2) => {
  const { bundled, plan } = await planSpec(bench(count), fleetToApply)
  return rollOut(bench(count), fleetToApply, { bundle: bundled, shown: sightsOf(plan) })
}

const contentOn = (index: number): Promise<string> => readFile(join(shells[index]?.root ?? "", "address"), "utf8")

describe("a plan for resources that depend on the machine", () => {
  const web = () => fleetOf((machine) => [addressFile(machine)])

  it("takes a round trip more for machines that were never asked, and none for those that were", async () => {
    const [first, cold] = await rounds(() => planSpec(bench(), web()))
    expect(first.plan.machines.map(({ steps }) => steps.length)).toEqual([1, 1])
    expect(cold).toEqual([2, 2])
    const [second, warm] = await rounds(() => planSpec(bench(), web()))
    expect(second.plan).toEqual(first.plan)
    expect(warm).toEqual([1, 1])
    expect((await store.events({ kind: "machine.facts" })).map(({ body }) => body.machine)).toEqual(["web1", "web2"])
  })

  it("asks again where a machine became another, and only if its list did", async () => {
    await planSpec(bench(), web())
    await setAddress(1, "192.0.2.99")
    const [changed, again] = await rounds(() => planSpec(bench(), web()))
    expect(changed.plan.machines[1]?.differences[0]?.changes[0]?.to).toBe("192.0.2.99")
    expect(again).toEqual([2, 2])
    expect((await rounds(() => planSpec(bench(), web())))[1]).toEqual([1, 1])
    const careless = fleetOf(({ name }) => [file(`/nowhere/${name}`, { content: "", ...me })])
    await setAddress(0, "192.0.2.77")
    const [, unmoved] = await rounds(() => planSpec(bench(), careless))
    expect(unmoved).toEqual([1, 1])
  })

  it("does not show what only a list out of date would have led to", async () => {
    const picky = fleetOf((machine) => {
      if (machine.addresses.default === "192.0.2.1") throw new Error("no web server here")
      return [addressFile(machine)]
    })
    await expect(planSpec(bench(), picky)).rejects.toThrow("no web server here")
    await setAddress(0, "192.0.2.50")
    // What was remembered would still be refused.
    expect((await planSpec(bench(), picky)).plan.machines[0]?.steps).toHaveLength(1)
  })

  it("asks nothing of the kind where the list is plain", async () => {
    const plain = { ...web(), spec: spec("web", { resources: [] }) }
    const [{ plan }, counts] = await rounds(() => planSpec(bench(), plain))
    expect(counts).toEqual([1, 1])
    expect(shells[0]?.scripts[0]).not.toContain("os-release")
    expect([plan.machines[0]?.facts, (await store.events()).length]).toEqual([undefined, 0])
  })
})

describe("a release of resources that depend on the machine", () => {
  const web = (count = 2) => fleetOf((machine) => [addressFile(machine)], count)

  it("brings each machine its own, and a rollback brings back what each had", async () => {
    expect((await apply(web())).release).toBe(1)
    expect([await contentOn(0), await contentOn(1)]).toEqual(["192.0.2.1", "192.0.2.2"])
    expect((await planSpec(bench(), web())).plan.empty).toBe(true)
    await setAddress(0, "192.0.2.10")
    expect((await apply(web())).release).toBe(2)
    expect([await contentOn(0), await contentOn(1)]).toEqual(["192.0.2.10", "192.0.2.2"])
    await rollOut(bench(), web(), { release: 1 })
    expect([await contentOn(0), await contentOn(1)]).toEqual(["192.0.2.1", "192.0.2.2"])
  })

  it("is the same in a plan that was saved, whatever the machines say meanwhile", async () => {
    const planned = await planSpec(bench(), web())
    const saved = parsePlan(await savePlan(bench(), [planned]), "web.plan")
    await setAddress(0, "192.0.2.10")
    const [opened] = await openPlan(bench(), [web()], saved, "web.plan")
    if (opened === undefined) throw new Error("no plan")
    await rollOut(bench(), web(), { bundle: opened.bundled, shown: sightsOf(opened.plan) })
    expect([await contentOn(0), await contentOn(1)]).toEqual(["192.0.2.1", "192.0.2.2"])
  })

  it("says nothing of a machine that came later: FC_RELEASE_MACHINE, and nothing is done", async () => {
    await apply(web())
    await setAddress(0, "192.0.2.10")
    await apply(web())
    const error = await caught(() => rollOut(bench(3), web(3), { release: 1 }))
    expect(error.message).toContain("says nothing of it")
    expect(error).toMatchObject({ at: "web3" })
    expect(await contentOn(0)).toBe("192.0.2.10")
    expect((await apply(web(3), 3)).release).toBe(3)
    expect(await contentOn(2)).toBe("192.0.2.3")
  })

  it("is stale when a machine became another after the plan: FC_PLAN_STALE, and nothing is done", async () => {
    const { bundled } = await planSpec(bench(), web())
    await setAddress(1, "192.0.2.99")
    const error = await caught(() => rollOut(bench(), web(), { bundle: bundled }))
    expect(error).toMatchObject({ code: "FC_PLAN_STALE", at: "web2" })
    expect(error.message).toContain("web2 became another machine after the plan was made")
    await expect(contentOn(0)).rejects.toThrow("ENOENT")
    await expect(contentOn(1)).rejects.toThrow("ENOENT")
  })
})
