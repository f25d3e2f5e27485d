import { describe, expect, it } from "vitest"
import { chooseFaults, kinds } from "../support/faults/choose.ts"
import type { Point } from "../support/faults/points.ts"

const journal = ["start", "begin 1", "done 1", "begin 2", "done 2", "commit"]
const points: readonly Point[] = journal.flatMap((word, place) =>
  [1, 2, 3].map((turn) => ({ number: place * 3 + turn, program: "sync", words: "", journal: word })),
)

describe("the faults of a matrix", () => {
  it("are of every kind at every place, and as many as are asked for", () => {
    const faults = chooseFaults(points, 1, 100)
    expect(faults).toHaveLength(100)
    for (const word of journal)
      for (const kind of kinds)
        expect(
          faults.some((fault) => fault.kind === kind && fault.point.journal === word),
          `${kind} ${word}`,
        ).toBe(true)
  })

  it("are the same for the same seed, and others for another", () => {
    expect(chooseFaults(points, 7, 40)).toEqual(chooseFaults(points, 7, 40))
    expect(chooseFaults(points, 7, 40)).not.toEqual(chooseFaults(points, 8, 40))
  })

  it.each([12, 30, 60])("are spread evenly over kinds and places where only %d are asked for", (count) => {
    const faults = chooseFaults(points, 1, count)
    expect(faults).toHaveLength(count)
    for (const kind of kinds)
      expect(faults.filter((fault) => fault.kind === kind).length, kind).toBeGreaterThanOrEqual(
        Math.floor(count / kinds.length / 2),
      )
    const places = Map.groupBy(faults, ({ point }) => point.journal)
    expect(places.size).toBeGreaterThanOrEqual(Math.min(journal.length, count / kinds.length))
  })

  it("come both at the point and a while after it, both with contact and without", () => {
    const faults = chooseFaults(points, 1, 100)
    for (const kind of kinds) {
      const own = faults.filter((fault) => fault.kind === kind)
      expect(new Set(own.map(({ delayMs }) => delayMs > 0)).size, kind).toBe(2)
      expect(new Set(own.map(({ alone }) => alone)).size, kind).toBe(2)
    }
  })
})
