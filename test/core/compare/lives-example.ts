import type { StoredEvent } from "../../../src/contract/index.ts"
import { found, logOf, rollout, type Said } from "./lives-log.ts"

const updates = (delivery: "in-place" | "replace", seconds: number, failed: number): readonly Said[] => [
  ...rollout(0, 1, "finished", { delivery }),
  ...Array.from({ length: 20 }, (_, index) =>
    rollout(index + 1, index + 2, index < failed ? "reverted" : "finished", {
      ...{ delivery, from: 1, seconds: seconds + index },
    }),
  ).flat(),
]

const looked: readonly Said[] = Array.from({ length: 30 }, (_, index) => [index + 0.9, "drift.looked", { machines: 2 }])

const drifted = Array.from({ length: 12 }, (_, index) => [
  found(index + 0.5, "m1", "/a"),
  found(index + 0.75, "m1"),
]).flat()

const sorted = (said: readonly Said[], fleet: string): readonly StoredEvent[] =>
  logOf(
    said.toSorted(([a], [b]) => a - b),
    fleet,
  )

/** Thirty days: pets drift, updates of cattle are slow and fail, and of `other` there is one rollout. */
export const exampleLog: readonly StoredEvent[] = [
  ...sorted([...updates("in-place", 10, 0), ...drifted], "pets"),
  ...sorted([...updates("replace", 100, 12), ...looked], "cattle"),
  ...logOf(rollout(1, 1), "other"),
]
