import { describe, expect, it } from "vitest"
import { cells, nameOf } from "../load/cells.ts"
import { atEvent, type Choose, runField } from "./matrix.ts"
import { describeOutcome, isBad } from "./report.ts"

/** `npm run test:kills` has every field and each event; here is one of each kind for every day. */
const sample: readonly (readonly [string, number, Choose])[] = [
  ["rolling, in place, local", 2, atEvent(["controller", "rollout.moves: admit"], ["router", "rollout.moves: update"])],
  [
    "blue-green, by replacement, local",
    3,
    atEvent(
      ["controller", "rollout.moves: switch"],
      ["router", "rollout.moves: create"],
      ["new instance", "rollout.moves: switch"],
    ),
  ],
  [
    "blue-green, by replacement, docker",
    2,
    atEvent(["controller", "rollout.moves: create"], ["daemon", "rollout.moves: switch"]),
  ],
]

describe("a rollout in which somebody is killed", () => {
  it.each(sample)("is ended right by the next run: %s", { timeout: 600_000 }, async (name, count, choose) => {
    const cell = cells.find((each) => nameOf(each) === name)
    if (cell === undefined) throw new Error(`no field ${name}`)
    const { outcomes } = await runField(cell, { choose })
    expect(outcomes.filter(isBad).map(describeOutcome)).toEqual([])
    expect(outcomes.filter(({ killed }) => killed)).toHaveLength(count)
  })
})
