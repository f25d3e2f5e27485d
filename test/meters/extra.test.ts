import { describe, expect, it } from "vitest"
import { extraMachineSeconds } from "../../src/meters/index.ts"

describe("extra machine-seconds", () => {
  it.each([
    ["nothing was seen", [], 3, 0],
    ["one look takes no time", [[0, 9]], 3, 0],
    [
      "none is extra",
      [
        [0, 3],
        [1000, 3],
        [5000, 3],
      ],
      3,
      0,
    ],
    [
      "one more for two seconds",
      [
        [0, 3],
        [1000, 4],
        [3000, 3],
        [9000, 3],
      ],
      3,
      2,
    ],
    [
      "all of them twice",
      [
        [0, 3],
        [500, 6],
        [1500, 6],
        [2500, 3],
      ],
      3,
      6,
    ],
    [
      "fewer do not make up for more",
      [
        [0, 2],
        [1000, 4],
        [2000, 3],
      ],
      3,
      1,
    ],
    [
      "of a fleet that is begun, all are extra",
      [
        [0, 1],
        [250, 2],
        [1250, 2],
      ],
      0,
      2.25,
    ],
  ] as const)("%s", (_, samples, steady, seconds) => {
    const counts = samples.map(([atMs, machines]) => ({ atMs, machines }))
    expect(extraMachineSeconds(counts, steady)).toBeCloseTo(seconds)
  })
})
