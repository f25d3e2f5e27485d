import type { Sides } from "../../contract/index.ts"

const mostWeight = 256
/** What a member of no particular weight has. */
export const evenWeight = 100

/**
 * Pure: the weight of each member, so that a percentage of new requests goes to the fresh side. Members to compare with get
 * as much each as a fresh one, as long as the rest of the old side keeps half of what is left.
 */
export const weightsFor = ({ fresh, old }: Sides, share: number | undefined): ReadonlyMap<string, number> => {
  const serving = old.serving.take()
  const baselines = [...serving, ...old.waiting.take()].filter(({ baseline }) => baseline === true)
  const sides = {
    fresh: [...fresh.serving.take(), ...fresh.waiting.take()],
    baseline: baselines,
    rest: serving.filter(({ baseline }) => baseline !== true),
  }
  if (share === undefined)
    return new Map(Object.values(sides).flatMap((side) => side.map(({ id }) => [id, evenWeight])))
  const left = 100 - share
  const compared = sides.rest.length === 0 ? left : left / 2
  const baselineShare = Math.min((share * sides.baseline.length) / Math.max(1, sides.fresh.length), compared)
  const each = {
    fresh: share / Math.max(1, sides.fresh.length),
    baseline: baselineShare / Math.max(1, sides.baseline.length),
    rest: (left - baselineShare) / Math.max(1, sides.rest.length),
  }
  const most = Math.max(each.fresh, each.baseline, each.rest)
  const scaled = (value: number): number => (value === 0 ? 0 : Math.max(1, Math.round((value / most) * mostWeight)))
  return new Map(
    (["fresh", "baseline", "rest"] as const).flatMap((side) => sides[side].map(({ id }) => [id, scaled(each[side])])),
  )
}
