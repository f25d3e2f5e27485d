import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Store, StoredEvent } from "../../../src/contract/index.ts"
import { compareLives } from "../../../src/core/compare/lives.ts"
import { findDrift } from "../../../src/core/drift/drift.ts"
import { caught } from "../../support/catch.ts"
import { type InPlaceWorld, makeInPlaceWorld } from "../in-place-fixture.ts"
import { apply, makeWorld } from "../rollout-fixture.ts"

const hourMs = 3_600_000

/** The events of a log under another name, as if time had passed where it is said: real machines would not wait. */
const stretched = async (store: Store, fleet: string, pauses: readonly Pause[]): Promise<readonly StoredEvent[]> =>
  (await store.events()).map((event) => {
    const passedMs = pauses.reduce((sum, { after, ms }) => (event.number > after ? sum + ms : sum), 0)
    return { ...event, fleet, at: new Date(Date.parse(event.at) + passedMs).toISOString() }
  })

interface Pause {
  /** Number of the last event before it. */
  readonly after: number
  readonly ms: number
}

describe("the log of real rollouts", () => {
  let pets: InPlaceWorld
  beforeAll(async () => {
    pets = await makeInPlaceWorld(2)
  })
  afterAll(() => pets.dispose())

  it("says what two fleets have lived through", { timeout: 60_000 }, async () => {
    const cattle = makeWorld()
    const pauses = { pets: [] as Pause[], cattle: [] as Pause[] }
    const pass = async (ms: number): Promise<void> => {
      pauses.pets.push({ after: (await pets.store.events()).length, ms })
      pauses.cattle.push({ after: (await cattle.store.events()).length, ms })
    }
    for (const version of [1, 2]) {
      await pets.apply(version)
      await apply(cattle, "rolling", version)
    }
    await pass(24 * hourMs)
    pets.sick.add("web2 v3")
    cattle.sick.add(3)
    expect((await caught(() => pets.apply(3))).code).toBe("FC_ROLLOUT_REVERTED")
    expect((await caught(() => apply(cattle, "rolling", 3))).code).toBe("FC_ROLLOUT_REVERTED")
    await pass(2 * hourMs)
    await pets.apply(4)
    await pass(hourMs)
    await apply(cattle, "rolling", 4)
    await findDrift(pets.controller(), pets.fleet())
    await findDrift(pets.controller(), pets.fleet())

    const events = [
      ...(await stretched(pets.store, "pets", pauses.pets)),
      ...(await stretched(cattle.store, "cattle", pauses.cattle)),
    ]
    const { fleets, measures } = compareLives(["pets", "cattle"], events, Date.now() + 10 * 24 * hourMs + 3 * hourMs)
    expect(
      fleets.map(({ fleet, delivery, machines, machineMonths, lookedOnDays, rollouts, repairs }) => ({
        ...{ fleet, delivery, machines, lookedOnDays },
        days: Math.round(machineMonths * 30),
        rollouts: rollouts.map(({ kind, to, outcome }) => `${kind} ${to} ${outcome}`),
        hours: repairs.rollouts.map((seconds) => Math.round(seconds / 3_600)),
      })),
    ).toEqual([
      {
        ...{ fleet: "pets", delivery: "in-place", machines: 2, lookedOnDays: 1, days: 20, hours: [2] },
        rollouts: ["first 1 finished", "update 2 finished", "update 3 reverted", "update 4 finished"],
      },
      {
        ...{ fleet: "cattle", delivery: "replace", machines: 3, lookedOnDays: 0, days: 30, hours: [3] },
        rollouts: ["first 1 finished", "update 2 finished", "update 3 reverted", "update 4 finished"],
      },
    ])
    expect(measures.find(({ name }) => name === "rollouts that failed")?.figures).toMatchObject([
      { count: 1, of: 4 },
      { count: 1, of: 4 },
    ])
    expect((await pets.store.events({ kind: "drift.looked" })).map(({ body }) => body)).toEqual([{ machines: 2 }])
  })
})
