import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Fleet, Resource, Store } from "../../src/contract/index.ts"
import { openPlan, parsePlan, planFleet, readFleet, rollOut, savePlan, sightsOf } from "../../src/core/index.ts"
import { bundle } from "../../src/core/release.ts"
import { command, file } from "../../src/resources/index.ts"
import { fleet, inPlace, secret, spec, ssh } from "../../src/spec/index.ts"
import { memoryStore } from "../../src/stores/index.ts"
import { allAtOnce } from "../../src/strategies/index.ts"
import { me } from "../support/apply.ts"
import { type TestBench, testBench } from "../support/bench.ts"
import { caught } from "../support/catch.ts"
import { nameFleet } from "../support/fleet.ts"
import { testSecrets } from "../support/secrets.ts"
import { openShellMachine, type ShellMachine, sharedRoot } from "../support/shell-machine.ts"

let shells: readonly ShellMachine[]
let store: Store
beforeEach(async () => {
  shells = await Promise.all(["web1", "web2"].map((host) => openShellMachine(host, { shared: true })))
  store = memoryStore()
})
afterEach(() => Promise.all(shells.map((shell) => shell.dispose())))

const at = (name: string): string => join(sharedRoot, name)
const token = (): Resource => file(at("token"), { content: secret("TOKEN"), ...me })

const web = (): Fleet => {
  return nameFleet(
    fleet(spec("web", { resources: [] }), {
      on: ssh({ hosts: ["web1", "web2"] }),
      by: inPlace({ strategy: allAtOnce() }),
    }),
  )
}

/** A run of its own, at which the secret has some value. */
const bench = (TOKEN: string): TestBench => ({
  ...testBench({ store, machines: new Map(shells.map(({ machine }) => [machine.name, machine])) }),
  secrets: testSecrets({ TOKEN }),
})

const plan = async (value: string, resources: readonly Resource[] = [token()]) => {
  const bundled = await bundle(spec("web", { resources }), "/")
  return { fleet: web(), bundled, plan: await planFleet(bench(value), web(), bundled) }
}

const apply = async (value: string, resources?: readonly Resource[]) => {
  const planned = await plan(value, resources)
  return rollOut(bench(value), web(), { bundle: planned.bundled, shown: sightsOf(planned.plan) })
}

const delivered = (): Promise<readonly string[]> =>
  Promise.all(shells.map(({ root }) => readFile(join(root, "token"), "utf8")))

describe("a fleet with a secret", () => {
  it("takes a new value without a new release, and an earlier release takes the value of now", async () => {
    await apply("the first value")
    const renewed = await plan("the second value")
    expect([renewed.plan.from, renewed.plan.to, renewed.plan.empty]).toEqual([1, 1, false])
    expect(await apply("the second value")).toMatchObject({ release: 1, moves: 4 })
    expect(await delivered()).toEqual(["the second value", "the second value"])
    expect((await plan("the second value")).plan.empty).toBe(true)
    await apply("the second value", [token(), file(at("more"), { content: "", ...me })])
    await rollOut(bench("the third value"), web(), { release: 1 })
    expect(await delivered()).toEqual(["the third value", "the third value"])
    expect((await readFleet(store, "web")).releases.map(({ number }) => number)).toEqual([1, 2])
    expect(JSON.stringify(await store.events())).not.toContain("value")
  })

  it("is refused by a saved plan when the secret has changed since, in words", async () => {
    const saved = await savePlan(bench("hush-hush-1"), [await plan("hush-hush-1")])
    expect(saved).not.toContain("hush-hush")
    const again = parsePlan(saved, "web.plan")
    const error = await caught(() => openPlan(bench("hush-hush-2"), [web()], again, "web.plan"))
    expect([error.code, error.message]).toEqual([
      "FC_PLAN_STALE",
      expect.stringContaining("web1: a secret has another value, web2: a secret has another value"),
    ])
    expect(await openPlan(bench("hush-hush-1"), [web()], again, "web.plan")).toHaveLength(1)
  })

  it("fails without a word of it in the log, and leaves the machines as they were", async () => {
    await apply("hush-hush-1")
    const loud = command("loud", { run: ["sh", "-c", "exit 1", "hush-hush-2"], check: ["false"], undo: ["true"] })
    const error = await caught(() => apply("hush-hush-2", [token(), loud]))
    expect(error.code).toBe("FC_ROLLOUT_REVERTED")
    expect(await delivered()).toEqual(["hush-hush-1", "hush-hush-1"])
    const [reverted] = await store.events({ kind: "rollout.reverted" })
    expect(reverted?.body.message).toContain("run sh -c exit 1 ‹secret TOKEN›")
  })
})
