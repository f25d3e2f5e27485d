import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import type { Fleet, StrategyFor } from "../../src/contract/index.ts"
import { abortRollout, rollOut } from "../../src/core/rollout/rollout.ts"
import { tell } from "../../src/core/rollout/tell.ts"
import { type FleetStatus, statusOf } from "../../src/core/status.ts"
import { fleet, local, replace } from "../../src/spec/index.ts"
import { blueGreen, canary, errorRate, rolling } from "../../src/strategies/index.ts"
import { nameFleet } from "../support/fleet.ts"
import { mortalLife } from "../support/mortal.ts"
import { apply, makeWorld, type World, webBundle, webFleet, webSpec } from "./rollout-fixture.ts"

const fleetOf = (strategy: StrategyFor<"replace">, watch = "0s"): Fleet =>
  nameFleet(
    fleet(webSpec(1), {
      on: local({ count: 2 }),
      by: replace({ strategy, drain: "100ms", ramp: "0s", watch }),
      listen: 8080,
    }),
  )

/** Somebody else, who sees that the controller lives. */
const somebody = (world: World) => ({ ...world.controller(), isDead: () => false })

/** Looks until the rollout is as it should be, which it has to become. */
const lookUntil = async (
  world: World,
  which: Fleet,
  is: (rollout: NonNullable<FleetStatus["rollout"]>) => boolean,
): Promise<NonNullable<FleetStatus["rollout"]>> => {
  for (;;) {
    const { rollout, interrupted } = await statusOf(somebody(world), which)
    expect(interrupted).toBe(false)
    if (rollout !== undefined && is(rollout)) return rollout
    await sleep(5)
  }
}

const inSeconds = (iso: string | undefined): number => Math.round((Date.parse(iso ?? "") - Date.now()) / 1_000)

interface Waiting {
  readonly which: Fleet
  readonly why: RegExp
  readonly hears: readonly string[]
  /** Seconds until it goes on by itself. */
  readonly left?: number
}

const waiting: readonly (readonly [string, Waiting])[] = [
  [
    "a switch by hand",
    {
      which: fleetOf(blueGreen({ promote: "hand" })),
      why: /^the new set is ready/,
      hears: ["promote", "pause", "abort"],
    },
  ],
  [
    "a switch in time",
    {
      which: fleetOf(blueGreen({ promote: "1h" })),
      why: /^the new set is ready/,
      hears: ["promote", "pause", "abort"],
      left: 3_600,
    },
  ],
  [
    "a pause between two batches",
    {
      which: fleetOf(rolling({ pause: "30m" })),
      why: /^pausing with 1 of 2/,
      hears: ["promote", "pause", "abort"],
      left: 1_800,
    },
  ],
  [
    "a step of a canary",
    {
      which: fleetOf(canary({ steps: [{ weight: 50 }], gates: [] })),
      why: /^50% of the requests/,
      hears: ["promote", "promote-full", "pause", "abort"],
    },
  ],
  [
    "what a canary measures",
    {
      which: fleetOf(canary({ steps: [{ weight: 50, for: "1h" }], gates: [errorRate()], every: "1m" })),
      why: /^measuring for 60 s$/,
      hears: ["promote", "promote-full", "pause", "abort"],
      left: 60,
    },
  ],
  [
    "a canary that came to no verdict",
    {
      which: fleetOf(canary({ steps: [{ weight: 50, for: "10ms" }], gates: [errorRate()], every: "10ms" })),
      why: /^inconclusive: /,
      hears: ["promote", "promote-full", "resume", "pause", "abort"],
    },
  ],
  [
    "a watch",
    { which: fleetOf(rolling(), "1h"), why: /^all serve the new release/, hears: ["pause", "abort"], left: 3_600 },
  ],
]

describe("the status of a rollout that waits for", () => {
  it.each(waiting)("%s says so, for how long, and what it hears", async (_, { which, why, hears, left }) => {
    const world = makeWorld()
    await apply(world, "rolling", 1, 2)
    const ended = rollOut(world.controller(), which, { bundle: await webBundle(2) }).catch(() => undefined)
    const rollout = await lookUntil(world, which, ({ waits }) => why.test(waits?.why ?? ""))
    expect(rollout).toMatchObject({ from: 1, to: 2, driven: true, paused: false, hears })
    expect(left === undefined ? rollout.waits?.until : inSeconds(rollout.waits?.until)).toBe(left)

    await tell(somebody(world), which, "pause")
    const paused = await lookUntil(world, which, (each) => each.paused)
    expect([paused.waits?.why, paused.hears]).toEqual([rollout.waits?.why, ["resume", "abort"]])
    await tell(somebody(world), which, "abort")
    await ended
    expect(await statusOf(somebody(world), which)).not.toHaveProperty("rollout")
  })
})

describe("the status of a fleet", () => {
  it("tells a rollout whose controller died from one that is under way", async () => {
    const world = makeWorld()
    const which = fleetOf(blueGreen({ promote: "hand" }))
    await apply(world, "rolling", 1, 2)
    const life = mortalLife()
    void rollOut(world.controller(life), which, { bundle: await webBundle(2) })
    await lookUntil(world, which, ({ waits }) => waits !== undefined)
    life.kill()
    await life.died
    const { interrupted, rollout } = await statusOf(world.controller(), which)
    expect([interrupted, rollout?.driven, rollout?.waits?.why]).toEqual([
      true,
      false,
      expect.stringContaining("the new set is ready"),
    ])
    await abortRollout(world.controller(), which)
    expect((await statusOf(world.controller(), which)).interrupted).toBe(false)
  })

  it("says what blue-green keeps aside, until when, and no more once it is gone", async () => {
    const world = makeWorld()
    const which = fleetOf(blueGreen({ keep: "1h" }))
    for (const version of [1, 2]) await rollOut(world.controller(), which, { bundle: await webBundle(version) })
    const { kept } = await statusOf(world.controller(), which)
    expect([kept?.members, kept?.release, inSeconds(kept?.until)]).toEqual([["web-r1-1", "web-r1-2"], 1, 3_600])
    await rollOut(world.controller(), fleetOf(blueGreen()), { bundle: await webBundle(2) })
    expect(await statusOf(world.controller(), which)).not.toHaveProperty("kept")
  })

  it("says how many there are to be, and what the configuration says", async () => {
    const world = makeWorld()
    await apply(world, "rolling", 1, 2)
    const sizes = async (count: number) => (await statusOf(world.controller(), webFleet("rolling", count))).size
    expect(await sizes(2)).toEqual({ wanted: 2, configured: 2 })
    await rollOut(world.controller(), webFleet("rolling", 2), { scale: 4 })
    expect([await sizes(2), await sizes(3)]).toEqual([
      { wanted: 4, configured: 2 },
      { wanted: 3, configured: 3 },
    ])
  })
})
