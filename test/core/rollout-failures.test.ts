import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { OnFailure } from "../../src/contract/index.ts"
import { readFleet } from "../../src/core/ledger.ts"
import { planFleet } from "../../src/core/plan-fleet.ts"
import { bundle } from "../../src/core/release.ts"
import { rollOut } from "../../src/core/rollout/rollout.ts"
import { statusOf } from "../../src/core/status.ts"
import type { InPlaceOptions } from "../../src/spec/index.ts"
import { allAtOnce, rolling } from "../../src/strategies/index.ts"
import { caught } from "../support/catch.ts"
import { type InPlaceWorld, makeInPlaceWorld, specOf } from "./in-place-fixture.ts"

let world: InPlaceWorld
beforeEach(async () => {
  world = await makeInPlaceWorld(4)
  await world.apply(1, world.fleet({ strategy: allAtOnce() }))
})
afterEach(() => world.dispose())

const pairs = rolling({ batch: 2 })
const last = async () => (await world.store.events({ fleet: "web" })).at(-1)
const plan = async (version: number) => planFleet(world.controller(), world.fleet(), await bundle(specOf(version), "/"))

interface Row {
  readonly by: Partial<InPlaceOptions>
  /** Machines that do not become healthy with version 2. */
  readonly sick: readonly string[]
  readonly code: string
  readonly event: string
  /** Version of each machine, at the end. */
  readonly ends: string
  readonly current: number
}

const rows: readonly Row[] = [
  { by: {}, sick: ["web3"], code: "FC_ROLLOUT_REVERTED", event: "reverted", ends: "1111", current: 1 },
  { by: stops("undo-all"), sick: ["web4"], code: "FC_ROLLOUT_REVERTED", event: "reverted", ends: "1111", current: 1 },
  { by: stops("undo-batch"), sick: ["web4"], code: "FC_ROLLOUT_PARTIAL", event: "stopped", ends: "2211", current: 1 },
  { by: stops("undo-batch"), sick: ["web2"], code: "FC_ROLLOUT_REVERTED", event: "reverted", ends: "1111", current: 1 },
  { by: stops("stop"), sick: ["web4"], code: "FC_ROLLOUT_PARTIAL", event: "stopped", ends: "2221", current: 1 },
  { by: stops("stop"), sick: ["web3", "web4"], code: "FC_ROLLOUT_PARTIAL", event: "stopped", ends: "2211", current: 1 },
  {
    by: stops("stop"),
    sick: ["web1", "web2"],
    code: "FC_ROLLOUT_REVERTED",
    event: "reverted",
    ends: "1111",
    current: 1,
  },
  {
    by: { ...stops("stop"), strategy: allAtOnce() },
    sick: ["web2"],
    code: "FC_ROLLOUT_PARTIAL",
    event: "stopped",
    ends: "2122",
    current: 1,
  },
  {
    by: { ...stops("undo-batch"), strategy: allAtOnce() },
    sick: ["web2"],
    code: "FC_ROLLOUT_REVERTED",
    event: "reverted",
    ends: "1111",
    current: 1,
  },
  { by: bears(1), sick: ["web2"], code: "FC_ROLLOUT_PARTIAL", event: "finished", ends: "2122", current: 2 },
  { by: bears("50%"), sick: ["web1", "web3"], code: "FC_ROLLOUT_PARTIAL", event: "finished", ends: "1212", current: 2 },
  {
    by: bears("25%"),
    sick: ["web1", "web3"],
    code: "FC_ROLLOUT_REVERTED",
    event: "reverted",
    ends: "1111",
    current: 1,
  },
  {
    by: bears("100%"),
    sick: ["web1", "web2", "web3", "web4"],
    code: "FC_ROLLOUT_REVERTED",
    event: "reverted",
    ends: "1111",
    current: 1,
  },
  {
    by: { ...bears(1), ...stops("undo-batch") },
    sick: ["web1", "web4"],
    code: "FC_ROLLOUT_PARTIAL",
    event: "stopped",
    // The first batch had one machine too few, so the second one was a batch by itself.
    ends: "1221",
    current: 1,
  },
]

function stops(onFailure: OnFailure): Partial<InPlaceOptions> {
  return { onFailure, strategy: pairs }
}
function bears(maxFailures: number | `${number}%`): Partial<InPlaceOptions> {
  return { maxFailures }
}

describe("a rollout in which machines fail", () => {
  it.each(rows)("$by.onFailure $by.maxFailures $by.strategy.name, $sick: ends at $ends", async (row) => {
    const on = world.fleet(row.by)
    for (const host of row.sick) world.sick.add(`${host} v2`)
    const error = await caught(() => world.apply(2, on))
    const releases = [...row.ends].map(Number)
    expect([error.code, await world.versions(), await world.releases()]).toEqual([row.code, [...row.ends], releases])
    // Whatever it runs, every machine serves: those that failed serve as before.
    expect(await world.serving()).toEqual(world.hosts)
    expect(error.details.slice(-4)).toEqual(world.hosts.map((host, index) => `${host}: release ${releases[index]}`))
    expect(error.message).toMatch(row.event === "finished" ? / failed and stayed behind; / : / was not healthy within /)
    const event = await last()
    expect(event?.kind).toBe(`rollout.${row.event}`)
    if (row.event !== "reverted")
      expect(event?.body.versions).toEqual(
        Object.fromEntries(world.hosts.map((host, index) => [host, releases[index]])),
      )
    const record = await readFleet(world.store, "web")
    expect([record.current, record.open, record.stopped?.to]).toEqual([
      row.current,
      undefined,
      row.event === "stopped" ? 2 : undefined,
    ])

    if (row.event === "reverted") return
    // It goes on from there, and only with what is left.
    world.sick.clear()
    const { forecast } = await plan(2)
    expect(forecast.updated).toBe(releases.filter((release) => release !== 2).length)
    await world.apply(2)
    expect([await world.versions(), await world.releases()]).toEqual([[..."2222"], [2, 2, 2, 2]])
    expect(await readFleet(world.store, "web")).toMatchObject({ current: 2, stopped: undefined, elsewhere: new Map() })
  })
})

describe("a fleet that was left mixed", () => {
  const leaveMixed = async (by: Partial<InPlaceOptions>): Promise<void> => {
    world.sick.add("web3 v2")
    expect((await caught(() => world.apply(2, world.fleet(by)))).code).toBe("FC_ROLLOUT_PARTIAL")
    world.sick.clear()
  }

  it("is shown as what it is", async () => {
    await leaveMixed(stops("undo-batch"))
    const shown = await plan(2)
    expect([shown.from, shown.to, shown.empty, shown.forecast.updated]).toEqual([1, 2, false, 2])
    expect(shown.machines.map(({ from }) => from)).toEqual([2, 2, 1, 1])
    const status = await statusOf(world.controller(), world.fleet())
    expect([status.current, status.interrupted, status.mixed]).toEqual([1, false, true])
    expect(status.members.map(({ release }) => release)).toEqual([2, 2, 1, 1])
    await world.apply(2)
    expect((await statusOf(world.controller(), world.fleet())).mixed).toBe(false)
  })

  it("goes back to the release in force, where the rollout was stopped", async () => {
    await leaveMixed(stops("undo-batch"))
    const result = await rollOut(world.controller(), world.fleet(), { release: 1 })
    expect([result.release, await world.versions(), await world.serving()]).toEqual([1, [..."1111"], world.hosts])
    expect(await readFleet(world.store, "web")).toMatchObject({ current: 1, stopped: undefined, elsewhere: new Map() })
  })

  it("goes back to the release before, where the rollout went on without a machine", async () => {
    await leaveMixed(bears(1))
    expect(await world.versions()).toEqual([..."2212"])
    await rollOut(world.controller(), world.fleet(), { release: 1 })
    expect([await world.versions(), await world.releases()]).toEqual([[..."1111"], [1, 1, 1, 1]])
  })

  it("is mixed as before when the next rollout fails too", async () => {
    await leaveMixed(bears(1))
    world.sick.add("web4 v3")
    const error = await caught(() => world.apply(3))
    expect([error.code, await world.versions(), await world.releases()]).toEqual([
      "FC_ROLLOUT_REVERTED",
      [..."2212"],
      [2, 2, 1, 2],
    ])
    expect(await world.serving()).toEqual(world.hosts)
    expect((await readFleet(world.store, "web")).elsewhere).toEqual(new Map([["web3", 1]]))
  })
})

describe("the gate between batches", () => {
  const watched = (): Partial<InPlaceOptions> => ({ settle: "500ms", strategy: pairs })

  it("begins no batch while a machine of the one before is not well", async () => {
    world.sick.add("web2 v2")
    await caught(() => world.apply(2, world.fleet(stops("stop"))))
    const moves = (await world.store.events({ kind: "rollout.moves" })).flatMap(({ body }) =>
      JSON.stringify(body.moves),
    )
    const second = moves.filter((move) => move.includes("web3") || move.includes("web4"))
    // Those of the first release only.
    expect(second.every((move) => !moves.slice(-2).includes(move))).toBe(true)
    expect(await world.versions()).toEqual([..."2111"])
  })

  it("takes back a machine that becomes unhealthy while it is watched", async () => {
    world.falling.set("web1 v2", 1)
    const error = await caught(() => world.apply(2, world.fleet(watched())))
    expect([error.code, await world.versions(), await world.serving()]).toEqual([
      "FC_ROLLOUT_REVERTED",
      [..."1111"],
      world.hosts,
    ])
    expect(
      (await world.store.events({ kind: "rollout.moves" })).some(({ body }) => JSON.stringify(body).includes("admit")),
    ).toBe(true)
  })

  it("leaves a machine behind that becomes unhealthy, where one may", async () => {
    world.falling.set("web1 v2", 1)
    const error = await caught(() => world.apply(2, world.fleet({ ...watched(), maxFailures: 1 })))
    expect([error.code, await world.versions(), await world.serving()]).toEqual([
      "FC_ROLLOUT_PARTIAL",
      [..."1222"],
      world.hosts,
    ])
  })
})
