import { describe, expect, it } from "vitest"
import type { Fleet, Store } from "../../src/contract/index.ts"
import { bundle } from "../../src/core/release.ts"
import { rollOut } from "../../src/core/rollout/rollout.ts"
import { memoryEngine } from "../../src/engines/index.ts"
import { file } from "../../src/resources/index.ts"
import { memoryRouter } from "../../src/routers/index.ts"
import { fleet, local, replace, spec } from "../../src/spec/index.ts"
import { memoryStore } from "../../src/stores/index.ts"
import { testBench } from "../support/bench.ts"
import { caught } from "../support/catch.ts"
import { nameFleet } from "../support/fleet.ts"
import { type Policy, policies } from "./rollout-fixture.ts"

const specOf = (version: number) =>
  spec("web", {
    resources: [file("/srv/version", { content: `${version}` })],
    run: { command: ["/srv/serve"] },
    release: { command: ["/srv/migrate"] },
    port: 80,
    health: { path: `/v${version}`, within: "1s" },
  })

const fleetOf = (policy: Policy): Fleet =>
  nameFleet(
    fleet(specOf(1), { on: local({ count: 3 }), by: replace({ strategy: policies[policy], drain: "1s" }), listen: 80 }),
  )

/** Machines on which the task was started, in order, and who took requests then. */
const makeWorld = () => {
  const router = memoryRouter()
  const ran: { readonly on: string; readonly serving: readonly string[] }[] = []
  let exitCode = 0
  const engine = memoryEngine({
    answer: async ({ machine, script }) => {
      if (!script.startsWith("systemctl start"))
        return { exitCode: 0, stdout: Buffer.from("it said so\n"), stderr: Buffer.alloc(0) }
      expect(script).toBe("systemctl start fireclay-web-release.service")
      const serving = (await router.list()).filter(({ state }) => state === "ready").map(({ id }) => id)
      ran.push({ on: machine, serving })
      return { exitCode, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
    },
  })
  const store: Store = memoryStore()
  const sick = new Set<string>()
  const controller = () => ({
    ...testBench({
      store,
      engine,
      router,
      probe: async ({ health }) =>
        sick.has(health.path) ? { healthy: false, lastError: "refused" } : { healthy: true, afterMs: 1 },
    }),
    isDead: () => true,
  })
  const apply = async (policy: Policy, version: number) =>
    rollOut(controller(), fleetOf(policy), { bundle: await bundle(specOf(version), "/") })
  return {
    ran,
    sick,
    store,
    controller,
    apply,
    fail: (code: number) => {
      exitCode = code
    },
  }
}

describe.each(Object.keys(policies) as readonly Policy[])("what runs once, %s", (policy) => {
  it("runs once in each rollout, on the new release, before any of it takes requests", async () => {
    const world = makeWorld()
    await world.apply(policy, 1)
    await world.apply(policy, 2)
    await world.apply(policy, 2)
    expect(world.ran.map(({ on }) => on.replace(/-\d$/, ""))).toEqual(["web-r1", "web-r2"])
    expect(world.ran[1]?.serving.filter((id) => id.startsWith("web-r2"))).toEqual([])
    await rollOut(world.controller(), fleetOf(policy), { release: 1 })
    expect(world.ran.length).toBe(3)
  })

  it("leads back where it fails, with its last words", async () => {
    const world = makeWorld()
    await world.apply(policy, 1)
    world.fail(1)
    const error = await caught(() => world.apply(policy, 2))
    expect([error.code, error.message]).toEqual([
      "FC_ROLLOUT_REVERTED",
      expect.stringMatching(/^the release task failed on web-r2-\d; release 1 is in force$/),
    ])
    expect(error.cause).toMatchObject({ code: "FC_RELEASE_TASK", details: ["it said so"] })
    const instances = await world.controller().engine(fleetOf(policy)).list()
    expect(instances.map(({ release }) => release)).toEqual([1, 1, 1])
  })

  it("is not run again by whoever takes the rollout up", async () => {
    const world = makeWorld()
    await world.apply(policy, 1)
    const bench = world.controller()
    let dead = false
    const dying = {
      ...bench,
      store: {
        ...bench.store,
        append: async (...given: Parameters<Store["append"]>) => {
          if (dead) throw new Error("a dead controller writes nothing")
          const done = await bench.store.append(...given)
          dead = given[0].some(({ kind }) => kind === "rollout.task-finished")
          if (dead) throw new Error("dead")
          return done
        },
      },
    }
    await expect(rollOut(dying, fleetOf(policy), { bundle: await bundle(specOf(2), "/") })).rejects.toThrow("dead")
    const before = world.ran.length
    expect(before).toBe(2)
    await world.apply(policy, 2)
    const kinds = await world.controller().kinds()
    expect(kinds.filter((kind) => kind === "rollout.task-finished").length).toBe(2)
    expect(world.ran.length).toBe(before)
  })
})
