import { describe, expect, it } from "vitest"
import type { Backend } from "../../src/contract/index.ts"
import { rollOut } from "../../src/core/rollout/rollout.ts"
import { memoryRouter } from "../../src/routers/index.ts"
import { caught } from "../support/catch.ts"
import { apply, makeWorld, webBundle, webFleet } from "./rollout-fixture.ts"

/** A router that writes down how each backend is asked. */
const watchedRouter = () => {
  const router = memoryRouter()
  const asked = new Map<string, Backend["check"]>()
  const admit = async (backends: readonly Backend[]): Promise<void> => {
    for (const { id, check } of backends) asked.set(id, check)
    await router.admit(backends)
  }
  return { router: { ...router, admit }, asked }
}

const pathOf = (check: Backend["check"]): string | undefined => (typeof check === "object" ? check.path : check)

describe("what a router is told of members", () => {
  it("is how their own release is asked, also on the way back", async () => {
    const { router, asked } = watchedRouter()
    const world = makeWorld(router)
    await apply(world, "rolling", 1)
    await apply(world, "rolling", 2)
    expect(pathOf(asked.get("web-r2-1"))).toBe("/v2")
    asked.clear()
    await rollOut(world.controller(), webFleet("rolling"), { release: 1 })
    expect([...asked.values()].map(pathOf)).toEqual(["/v1", "/v1", "/v1"])
  })

  it("is so for those that serve again when a rollout fails", async () => {
    const { router, asked } = watchedRouter()
    const world = makeWorld(router)
    await apply(world, "all-at-once", 1)
    world.sick.add(2)
    asked.clear()
    await caught(() => apply(world, "all-at-once", 2))
    expect(new Set([...asked.values()].map(pathOf))).toEqual(new Set(["/v1"]))
  })
})

describe("instances that leave together", () => {
  it("leave the router in one change of it", async () => {
    const router = memoryRouter()
    const removed: (readonly string[])[] = []
    const remove = async (ids: readonly string[]): Promise<void> => {
      removed.push(ids.toSorted())
      await router.remove(ids)
    }
    const world = makeWorld({ ...router, remove })
    await apply(world, "blue-green", 1)
    await apply(world, "blue-green", 2)
    expect(removed).toEqual([["web-r1-1", "web-r1-2", "web-r1-3"]])
  })
})

describe("an instance that is retired", () => {
  it.each([
    ["with web sockets that outlasted their drain is asked to end, before it is removed", 1, ["stop", "remove"]],
    ["with nobody connected is removed at once", 0, ["remove"]],
  ] as const)("%s", async (_, sockets, expected) => {
    const world = makeWorld(memoryRouter({ webSockets: (id) => (id.includes("-r1-") ? sockets : 0) }))
    await apply(world, "blue-green", 1, 1)
    const done: string[] = []
    const bench = world.controller()
    const engine = bench.engine()
    const watched = {
      ...engine,
      stop: async (name: string) => {
        done.push("stop")
        await engine.stop(name)
      },
      remove: async (name: string) => {
        done.push("remove")
        await engine.remove(name)
      },
    }
    const want = { bundle: await webBundle(2) }
    await rollOut({ ...bench, engine: () => watched }, webFleet("blue-green", 1, "50ms"), want)
    expect(done).toEqual(expected)
  })
})
