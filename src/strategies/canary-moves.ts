import type { Gate, Mark, Member, Move, RolloutView } from "../contract/index.ts"
import { rollInPlace } from "./rolling.ts"
import { create, each, type Settling, settlingOf } from "./sides.ts"

/** A canary's options, as they are stored. */
export interface CanaryState {
  /** `forMs` is `null` where a person ends the step. */
  readonly steps: readonly { readonly weight: number; readonly forMs: number | null }[]
  readonly gates: readonly Gate[]
  readonly everyMs: number
  readonly leastRequests: number
  readonly baseline: "fresh" | "old"
}

/** Instances of both releases, as many as the share of the requests; the old set stays whole until the end. */
export const canaryReplace = (view: RolloutView, state: CanaryState): readonly Move[] => {
  const { fresh, old } = view.members
  const { index, step: asked } = progressOf(view, state)
  const step = isFirst(view) ? undefined : asked
  const settling = settlingOf(fresh, step === undefined ? view.size : countAt(view, step))
  const [baselines, leftOver] = baselinesOf(old.waiting.take())
  const removing = each("retire", [...leftOver, ...(step === undefined ? baselines : []), ...settling.spare])
  if (step === undefined) return [...removing, ...finish(view, settling)]
  const wanted = state.baseline === "fresh" ? countAt(view, step) : 0
  const making = [...create(settling.missing), ...createBaselines(wanted - view.members.baselines)]
  if (making.length > 0) return [...removing, ...making]
  if (view.share !== step.weight) return [...removing, { do: "weigh", share: step.weight }]
  const joining = each("admit", [...settling.admit, ...baselines])
  if (joining.length > 0) return [...removing, ...joining]
  return [...removing, ...judge(view, state, index)]
}

/** As many machines as the share of the requests are changed, one after the other. */
export const canaryInPlace = (view: RolloutView, state: CanaryState): readonly Move[] => {
  const { fresh, old } = view.members
  const { index, step } = progressOf(view, state)
  const one = { batch: 1, unavailable: 1 }
  if (isFirst(view)) return rollInPlace(view, { batch: view.size, unavailable: view.size })
  if (step === undefined) return view.share === undefined ? rollInPlace(view, one) : [{ do: "weigh", share: null }]
  const arrived = fresh.serving.size + fresh.waiting.size
  const changing = arrived < countAt(view, step) || old.waiting.size > 0
  if (changing)
    return fresh.waiting.size > 0 && view.share !== step.weight ? weigh(step.weight) : rollInPlace(view, one)
  if (view.share !== step.weight) return weigh(step.weight)
  if (fresh.waiting.size > 0) return each("admit", fresh.waiting.take())
  return judge(view, state, index)
}

const weigh = (share: number): readonly Move[] => [{ do: "weigh", share }]

/** Where nothing serves there is nothing to be careful about, unless that came about on the way. */
const isFirst = ({ members, marks }: RolloutView): boolean =>
  members.old.serving.size === 0 && !marks.some(({ name }) => name.startsWith("begun:"))

interface Progress {
  readonly index: number
  /** Absent: all steps are behind. */
  readonly step: CanaryState["steps"][number] | undefined
}

const progressOf = ({ marks }: RolloutView, { steps }: CanaryState): Progress => {
  const index = marks.some(({ name }) => name === "promote-full")
    ? steps.length
    : marks.filter(({ name }) => name.startsWith("passed:")).length
  return { index, step: steps[index] }
}

/** At least one, and at most all but one: the rest is what it is compared with. */
const countAt = ({ size }: RolloutView, { weight }: { readonly weight: number }): number =>
  Math.max(1, Math.min(Math.ceil((size * weight) / 100), Math.max(1, size - 1)))

const baselinesOf = (waiting: readonly Member[]): readonly [readonly Member[], readonly Member[]] => [
  waiting.filter(({ baseline, phase }) => baseline === true && phase === "idle"),
  waiting.filter(({ baseline, phase }) => baseline !== true || phase !== "idle"),
]

const createBaselines = (count: number): readonly Move[] => (count > 0 ? [{ do: "create", count, baseline: true }] : [])

/** The new set is made whole and takes all requests; then the old one goes. */
const finish = (view: RolloutView, { admit, surplus, missing }: Settling): readonly Move[] => {
  const growing = [...each("admit", admit), ...each("drain", surplus), ...create(missing)]
  if (growing.length > 0) return growing
  const leaving = view.members.old.serving.take()
  if (leaving.length > 0 && view.share !== 100) return weigh(100)
  return each("drain", leaving)
}

/** What a step that is set up does: measure until its time is over, or wait. */
const judge = (view: RolloutView, state: CanaryState, index: number): readonly Move[] => {
  const { forMs } = state.steps[index] ?? { forMs: 0 }
  const begun = view.marks.find(({ name }) => name === `begun:${index}`)
  if (begun === undefined) return [{ do: "mark", name: `begun:${index}` }]
  const since = view.marks.slice(view.marks.indexOf(begun))
  const passed: readonly Move[] = [{ do: "mark", name: `passed:${index}` }]
  if (since.some(({ name }) => name === "promote")) return passed
  const measured = measuredSince(since, `step:${index}`)
  const last = measured.at(-1)
  if (last?.verdict === "fail") return [{ do: "fail", why: last.reason ?? "a gate failed" }]
  const untilMs = forMs === null ? Number.POSITIVE_INFINITY : begun.atMs + forMs
  const isProven = measured.some(({ verdict }) => verdict === "pass")
  if (view.nowMs < untilMs) return goOn(view, state, { index, untilMs, isProven })
  if (state.gates.length === 0 || isProven) return passed
  if (measured.length === 0) return measure(state, index, state.everyMs)
  return [{ do: "wait", why: `inconclusive: ${last?.reason ?? "nothing was measured"}; promote, resume or abort` }]
}

interface Staying {
  readonly index: number
  readonly untilMs: number
  /** Something was measured that is good. */
  readonly isProven: boolean
}

const goOn = (view: RolloutView, state: CanaryState, { index, untilMs, isProven }: Staying): readonly Move[] => {
  // What is left of a step may be too short to say anything: it is cut short only where that is not all there will be.
  const leftMs = isProven ? untilMs - view.nowMs : state.everyMs
  if (state.gates.length > 0) return measure(state, index, Math.min(state.everyMs, leftMs))
  const why = `${state.steps[index]?.weight}% of the requests go to release ${view.target}`
  return [
    Number.isFinite(untilMs) ? { do: "wait", untilMs, why } : { do: "wait", why: `${why}; fireclay promote goes on` },
  ]
}

const measure = ({ gates, leastRequests }: CanaryState, index: number, forMs: number): readonly Move[] => [
  { do: "measure", name: `step:${index}`, forMs, gates, leastRequests },
]

/** What was measured since somebody last said to go on: what was inconclusive then is measured again. */
const measuredSince = (marks: readonly Mark[], name: string): readonly Mark[] => {
  const resumed = marks.findLastIndex((mark) => mark.name === "resume")
  return marks.slice(resumed + 1).filter((mark) => mark.name === name)
}
