import type { FireclayError } from "../../contract/index.ts"
import { canonical } from "../canonical.ts"
import type { ResourceDifference } from "../plan/types.ts"
import type { Answered } from "./answer.ts"
import type { FleetDrift, MachineDrift } from "./drift.ts"
import type { Finding } from "./judge.ts"

/** What is otherwise than at the last look. */
export interface DriftNews {
  /** ISO 8601. */
  readonly at: string
  readonly fleet: string
  readonly machine: string
  /**
   * `new` and `gone` are about a finding or a resource; `seen`: it happened just now, between two looks; `away`: the machine
   * cannot be looked at, `back`: it can again; `answered` and `unanswered`: what the fleet says about drift was done, or why
   * it could not be, which is about all of the fleet.
   */
  readonly news: "new" | "gone" | "seen" | "away" | "back" | "answered" | "unanswered"
  readonly finding?: Finding
  readonly difference?: ResourceDifference
  readonly problem?: FireclayError
  readonly answered?: Answered
}

/** What is known of a fleet's machines. */
export type Known = ReadonlyMap<string, { readonly drift: MachineDrift; readonly away: boolean }>

/** Pure: what a look brought that the ones before had not, and what is known then. */
export const newsOf = (
  known: Known,
  { fleet, machines }: Pick<FleetDrift, "fleet" | "machines">,
  at: string,
): { readonly known: Known; readonly news: readonly DriftNews[] } => {
  const news: DriftNews[] = []
  const next = new Map(known)
  // What stood for all of it while none of its machines was known.
  if (!machines.some(({ machine }) => machine === fleet)) next.delete(fleet)
  const say = (machine: string, what: Omit<DriftNews, "at" | "fleet" | "machine">): void => {
    news.push({ at, fleet, machine, ...what })
  }
  for (const drift of machines) {
    const { machine, problem } = drift
    const before = known.get(machine)
    if (problem !== undefined) {
      if (before?.away !== true) say(machine, { news: "away", problem })
      next.set(machine, { drift: before?.drift ?? drift, away: true })
      continue
    }
    if (before?.away === true) say(machine, { news: "back" })
    for (const change of changesOf(before?.drift, drift)) say(machine, change)
    next.set(machine, { drift, away: false })
  }
  // Of those that are not even there any more.
  for (const [machine, { drift, away }] of known) {
    if (machine === fleet || machines.some((each) => each.machine === machine)) continue
    if (!away) say(machine, { news: "away" })
    next.set(machine, { drift, away: true })
  }
  return { known: next, news }
}

type Change = Omit<DriftNews, "at" | "fleet" | "machine">

const changesOf = (before: MachineDrift | undefined, now: MachineDrift): readonly Change[] => [
  ...arrived(before?.declared, now.declared, canonical).map((difference) => ({ news: "new", difference }) as const),
  ...arrived(before?.undeclared, now.undeclared, wholeOf).map((finding) => ({ news: "new", finding }) as const),
  ...arrived(now.declared, before?.declared, ({ id }) => id).map(
    (difference) => ({ news: "gone", difference }) as const,
  ),
  ...arrived(now.undeclared, before?.undeclared, nameOf).map((finding) => ({ news: "gone", finding }) as const),
]

/** What of the later ones is not among the earlier. */
const arrived = <T>(earlier: readonly T[] = [], later: readonly T[] = [], key: (one: T) => string): readonly T[] => {
  const keys = new Set(earlier.map(key))
  return later.filter((one) => !keys.has(key(one)))
}

/** Not its size and its time: of a file that is written to all day they change all day. */
const wholeOf = ({ kind, what, change, details }: Finding): string => canonical({ kind, what, change, details })

const nameOf = ({ kind, what }: Finding): string => canonical({ kind, what })
