import { expect } from "vitest"
import {
  type Mark,
  type Member,
  type MemberPhase,
  type Move,
  type RolloutView,
  Roster,
  type Strategy,
  type StrategyOptions,
  type Verdict,
} from "../contract/index.ts"

/** A fleet amid a rollout, as data that a test can make and change. */
export interface SimulatedView extends Omit<RolloutView, "members"> {
  readonly members: readonly Member[]
}

/** One answer of a policy, with the fleet before and after it. */
export interface SimulatedAnswer {
  readonly before: SimulatedView
  readonly moves: readonly Move[]
  readonly after: SimulatedView
}

/** What is not in a policy's hands. */
export interface SimulatedWorld {
  /** What a measurement comes to. Default: `pass`. */
  readonly verdict?: (() => Verdict) | undefined
  /** What a person says who is waited for. Default: `promote`. */
  readonly word?: (() => string) | undefined
}

/** What a policy asks for where a fleet stands so. */
export const ask = (strategy: Strategy, options: StrategyOptions, view: SimulatedView): readonly Move[] => {
  const members = strategy.arrange?.(view.members, view.target, options) ?? view.members
  return strategy.next({ ...view, members: new Roster(view.target, members) }, options)
}

/**
 * Follows a policy until it asks for nothing more, or gives up. Fails when that takes longer than any sound policy needs.
 */
export const rollOut = (
  strategy: Strategy,
  options: StrategyOptions,
  start: SimulatedView,
  world: SimulatedWorld = {},
): readonly SimulatedAnswer[] => {
  const bound = 6 * (start.members.length + start.size) + 200
  const answers: SimulatedAnswer[] = []
  for (let view = start; ; ) {
    const moves = ask(strategy, options, view)
    if (moves.length === 0) return answers
    const after = applyMoves(view, moves, world)
    answers.push({ before: view, moves, after })
    if (moves.some((move) => move.do === "fail")) return answers
    expect(answers.length, `${strategy.name} goes on after ${bound} answers`).toBeLessThanOrEqual(bound)
    view = after
  }
}

/** The fleet after an answer. `isDone` is asked for each single thing: a killed controller leaves some undone. */
export const applyMoves = (
  view: SimulatedView,
  moves: readonly Move[],
  world: SimulatedWorld = {},
  isDone: () => boolean = () => true,
): SimulatedView =>
  moves.reduce(
    (before, move) =>
      singles(move)
        .filter(isDone)
        .reduce((inside, single) => applyOne(inside, single), isDone() ? applyWord(before, move, world) : before),
    view,
  )

/** How many serve at the worst moment of an answer, whose moves may happen in any order. A switch happens at once. */
export const fewestServing = (view: SimulatedView, moves: readonly Move[]): number => {
  const leaving = moves.filter((move) => move.do === "drain" || (move.do === "update" && isServing(view, move.id)))
  const gains = moves.flatMap((move) => (move.do === "switch" ? [move.admit.length - move.drain.length] : []))
  const lost = gains.filter((gain) => gain < 0).reduce((sum, gain) => sum - gain, 0)
  return servingIds(view).length - leaving.length - lost
}

export const servedReleases = (view: SimulatedView): ReadonlySet<number | undefined> =>
  new Set(view.members.filter(({ phase }) => phase === "serving").map(({ release }) => release))

/** Fails on a move that makes no sense where the fleet stands, or on two moves of one member. */
export const answerIsSound = (view: SimulatedView, moves: readonly Move[]): void => {
  const touched = moves.flatMap(singles).flatMap((single) => (single.do === "create" ? [] : [single.id]))
  expect(new Set(touched).size, "one move for each member").toBe(touched.length)
  for (const single of moves.flatMap(singles)) {
    if (single.do === "create") expect(view.delivery, "only replacement creates").toBe("replace")
    else memberMoveIsSound(view, single)
  }
}

type Single =
  | { readonly do: "create"; readonly baseline?: true }
  | { readonly do: "update" | "admit" | "drain" | "retire"; readonly id: string }

const memberMoveIsSound = (view: SimulatedView, single: Extract<Single, { readonly id: string }>): void => {
  const member = view.members.find(({ id }) => id === single.id)
  expect(member, `${single.do} of a member that is there`).toBeDefined()
  const serving = member?.phase === "serving"
  if (single.do === "admit")
    expect([member?.release === view.target || member?.baseline === true, serving], "admits what is new").toEqual([
      true,
      false,
    ])
  if (single.do === "drain") expect(serving, "drains what serves").toBe(true)
  if (single.do === "retire") expect([view.delivery, serving], "retires what is idle").toEqual(["replace", false])
  if (single.do === "update") {
    expect(view.delivery, "only in place updates").toBe("in-place")
    expect(member?.release, "updates what is old").not.toBe(view.target)
  }
}

const singles = (move: Move): readonly Single[] => {
  switch (move.do) {
    case "create":
      return Array.from({ length: move.count }, () => ({
        do: "create",
        ...(move.baseline === undefined ? {} : { baseline: move.baseline }),
      }))
    case "switch":
      return [
        ...move.admit.map((id) => ({ do: "admit", id }) as const),
        ...move.drain.map((id) => ({ do: "drain", id }) as const),
      ]
    case "update":
    case "admit":
    case "drain":
    case "retire":
      return [move]
    default:
      return []
  }
}

/** So many measurements of one step, and the person who may end it does. */
const patience = 10

/** What is no change of a member: time, shares, what is written down. */
const applyWord = (view: SimulatedView, move: Move, { verdict, word }: SimulatedWorld): SimulatedView => {
  const noted = (nowMs: number, mark: Omit<Mark, "atMs">): SimulatedView => ({
    ...view,
    nowMs,
    marks: [...view.marks, { ...mark, atMs: nowMs }],
  })
  switch (move.do) {
    case "mark":
      return noted(view.nowMs, { name: move.name })
    case "wait":
      return move.untilMs === undefined
        ? noted(view.nowMs + 1, { name: word?.() ?? "promote" })
        : { ...view, nowMs: Math.max(view.nowMs, move.untilMs) }
    case "measure": {
      const done = noted(view.nowMs + move.forMs, { name: move.name, verdict: verdict?.() ?? "pass" })
      const times = done.marks.filter(({ name }) => name === move.name).length
      return times % patience === 0 ? { ...done, marks: [...done.marks, { name: "promote", atMs: done.nowMs }] } : done
    }
    case "weigh": {
      const { share: _, ...rest } = view
      return move.share === null ? rest : { ...rest, share: move.share }
    }
    default:
      return view
  }
}

const applyOne = (view: SimulatedView, single: Single): SimulatedView => {
  const withMembers = (members: readonly Member[]): SimulatedView => ({ ...view, members })
  const put = (id: string, change: Partial<Member>): SimulatedView =>
    withMembers(view.members.map((member) => (member.id === id ? { ...member, ...change } : member)))
  switch (single.do) {
    case "create":
      return withMembers([...view.members, made(view, single.baseline === true)])
    case "update":
      return put(single.id, { release: view.target })
    case "retire":
      return withMembers(view.members.filter(({ id }) => id !== single.id))
    default:
      return put(single.id, { phase: phaseAfter[single.do] })
  }
}

const made = (view: SimulatedView, baseline: boolean): Member => {
  if (!baseline) return { id: newId(view), release: view.target, phase: "idle" }
  const old = view.members.find(({ release }) => release !== view.target)
  return { id: newId(view), release: old?.release, phase: "idle", baseline }
}

const phaseAfter: { readonly admit: MemberPhase; readonly drain: MemberPhase } = { admit: "serving", drain: "drained" }

const newId = ({ members }: SimulatedView): string => {
  const numbers = members.flatMap(({ id }) => (/^m\d+$/.test(id) ? [Number(id.slice(1))] : []))
  return `m${Math.max(-1, ...numbers) + 1}`
}

const servingIds = (view: SimulatedView): readonly string[] =>
  view.members.filter(({ phase }) => phase === "serving").map(({ id }) => id)

const isServing = (view: SimulatedView, id: string): boolean => servingIds(view).includes(id)
