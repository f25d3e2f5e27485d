import { describe, expect, it } from "vitest"
import { FireclayError, type Router } from "../../src/contract/index.ts"
import { rollOut } from "../../src/core/rollout/rollout.ts"
import type { Workbench } from "../../src/core/workbench.ts"
import { memoryRouter } from "../../src/routers/index.ts"
import { replace } from "../../src/spec/index.ts"
import { canary } from "../../src/strategies/index.ts"
import { caught } from "../support/catch.ts"
import { apply, makeWorld, type Policy, policies, type World, webBundle, webFleet } from "./rollout-fixture.ts"

const all = Object.keys(policies) as readonly Policy[]
const verbs = ["list", "admit", "weigh", "drain", "remove"] as const

/** A router that dies at a call, before it does what it is told or after it, and answers nothing until it is started. */
const mortalRouter = (when: "before" | "after") => {
  const router = memoryRouter()
  let [calls, deathAt, dead] = [0, Number.POSITIVE_INFINITY, false]
  const gone = (): FireclayError => new FireclayError("FC_ROUTER", "the router does not answer")
  const mortal =
    (effect: (...given: never[]) => Promise<unknown>) =>
    async (...given: never[]): Promise<unknown> => {
      if (dead) throw gone()
      calls += 1
      dead = calls === deathAt
      if (dead && when === "before") throw gone()
      const answer = await effect(...given)
      if (dead) throw gone()
      return answer
    }
  const start = async (): Promise<void> => {
    dead = false
    await router.start()
  }
  const bound = Object.fromEntries(verbs.map((verb) => [verb, mortal(router[verb])])) as Pick<
    Router,
    (typeof verbs)[number]
  >
  return {
    router: { ...router, ...bound, start },
    /** At the call so many from now on. */
    dieAt: (moment: number) => {
      deathAt = calls + moment
    },
    kill: () => {
      dead = true
    },
    hasDied: () => calls >= deathAt,
  }
}

const releases = async (world: World): Promise<readonly string[]> =>
  (await world.seen()).map((line) => line.replace(/^web-r\d+-\d+:/, "")).sort()

const deathsIn = async (world: World): Promise<number> => (await world.store.events({ kind: "router.died" })).length

describe.each(all.flatMap((policy) => (["before", "after"] as const).map((when) => [policy, when] as const)))(
  "a router that dies on the way, %s, %s what it was told",
  (policy, when) => {
    /** Each call of a rollout in its turn, until one rollout has fewer. */
    const everyDeath = async (
      sick: readonly number[],
      then: (world: World, moment: number) => Promise<void>,
    ): Promise<number> => {
      for (let moment = 1; ; moment += 1) {
        const mortal = mortalRouter(when)
        const world = makeWorld(mortal.router)
        await apply(world, policy, 1)
        for (const version of sick) world.sick.add(version)
        mortal.dieAt(moment)
        await then(world, moment)
        const died = mortal.hasDied()
        expect([moment, world.sins]).toEqual([moment, []])
        expect([moment, await deathsIn(world)]).toEqual([moment, died ? 1 : 0])
        if (!died) return moment - 1
      }
    }

    it("is started again, and the rollout arrives", async () => {
      const moments = await everyDeath([], async (world, moment) => {
        const { release } = await apply(world, policy, 2)
        expect([moment, await releases(world)]).toEqual([moment, Array(3).fill(`${release}:ready`)])
        expect([moment, (await world.router.peek()).length]).toEqual([moment, 3])
      })
      expect(moments).toBeGreaterThan(3)
    })

    it("is started again on the way back, too", async () => {
      await everyDeath([2], async (world, moment) => {
        expect((await caught(() => apply(world, policy, 2))).code).toBe("FC_ROLLOUT_REVERTED")
        expect([moment, await releases(world)]).toEqual([moment, Array(3).fill("1:ready")])
        expect([moment, (await world.router.peek()).length]).toEqual([moment, 3])
      })
    })
  },
)

describe("a router that dies while nothing is to be done", () => {
  it("is started again at once, not when the wait is over", async () => {
    const mortal = mortalRouter("before")
    const world = makeWorld(mortal.router)
    await apply(world, "canary", 1)
    const by = replace({ strategy: canary({ steps: [{ weight: 50, for: "1500ms" }], gates: [] }) })
    const fleet = { ...webFleet("canary"), by }
    const bench = world.controller()
    const progress: Workbench["progress"] = ({ doing }) => {
      if (doing.startsWith("50% of the requests")) mortal.kill()
    }
    await rollOut({ ...bench, progress }, fleet, { bundle: await webBundle(2) })
    const events = await world.store.events({ fleet: "web" })
    const kinds = events.map(({ kind }) => kind)
    // What comes after the wait has not begun.
    expect(events[kinds.indexOf("router.died") - 1]?.body.moves).toMatchObject([{ do: "wait" }])
    expect(kinds.at(-1)).toBe("rollout.finished")
  })
})

describe("a router that lives and refuses", () => {
  it("is not started again: what it said is the failure", async () => {
    const router = memoryRouter()
    let starts = 0
    const world = makeWorld({
      ...router,
      start: async () => {
        starts += 1
        await router.start()
      },
      drain: async () => {
        throw new FireclayError("FC_ROUTER", "HAProxy refused a change")
      },
    })
    await apply(world, "blue-green", 1)
    const before = starts
    expect((await caught(() => apply(world, "blue-green", 2))).message).toContain("HAProxy refused a change")
    expect(starts).toBe(before + 1)
    expect(await deathsIn(world)).toBe(0)
  })
})
