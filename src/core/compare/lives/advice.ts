import type { Delivery } from "../../../contract/index.ts"
import type { Recommendation } from "../answers.ts"
import type { FleetLife } from "./life.ts"
import { endedOf, type LifeFigure, type LifeMeasure, type MeasureName, updatesOf } from "./measures.ts"

/** What one fleet is compared with. */
interface Case {
  readonly life: FleetLife
  readonly lives: readonly FleetLife[]
  readonly measures: readonly LifeMeasure[]
}

/** What a rule saw, a sentence; and what follows, where it holds. */
interface Asked {
  readonly saw: string
  readonly choice?: Recommendation["choice"]
  /** What there is to say besides. */
  readonly more?: string
}

interface Rule {
  readonly rule: string
  readonly ask: (of: Case) => Asked
}

/** Rollouts that came to an end, and releases that changed files alone, of which there must be as many at least. */
const enough = { rollouts: 5, files: 3 } as const

const askVolumes = ({ life: { exclusiveVolumes } }: Case): Asked =>
  exclusiveVolumes.length === 0
    ? { saw: "No volume is for one machine alone." }
    : {
        saw: `One machine at a time may hold ${exclusiveVolumes.join(", ")}: by replacement it stands still while it changes hands.`,
        choice: "in place",
        more: "Or split it: the data on a machine of its own, in place, and what holds none by replacement.",
      }

const askAmount = ({ life }: Case): Asked => {
  const { length } = endedOf(life)
  const saw = `${length} ${length === 1 ? "rollout" : "rollouts"} of ${life.fleet} came to an end.`
  return length >= enough.rollouts ? { saw } : { saw, choice: "either" }
}

const askFiles = ({ life }: Case): Asked => {
  const told = life.changes.filter(({ what }) => what !== "nothing")
  const [files, more] = (["files", "more"] as const).map((kind) => told.filter(({ what }) => what === kind).length)
  const builds = updatesOf(life).filter(({ buildSeconds = 0 }) => buildSeconds > 0).length
  const base =
    life.delivery === "in-place"
      ? `things that drifted: ${life.drift.length}`
      : `images that were built for updates: ${builds}`
  const saw = `Changes from release to release: ${told.length}; of files alone: ${files}; of more than files or package versions: ${more}; ${base}.`
  const isSo = (files ?? 0) >= enough.files && more === 0 && (life.delivery === "replace" || life.drift.length > 0)
  if (!isSo) return { saw }
  const why =
    life.delivery === "in-place"
      ? "A base that cannot be changed leaves less to drift, and files are delivered to it as they are now."
      : "Files need no new image: the base stays as it is built, and they are delivered to it in place."
  return { saw, choice: "immutable base, configuration in place", more: why }
}

/** In the order in which they are asked: the first that holds decides. */
const rules: readonly Rule[] = [
  {
    rule: "A volume that one machine alone may hold: in place, or the data apart from the rest",
    ask: askVolumes,
  },
  {
    rule: `Fewer than ${enough.rollouts} rollouts that came to an end: too little in the log, stay with what it is`,
    ask: askAmount,
  },
  {
    rule: "Drift was found clearly less often one way than the other: that way",
    ask: (of) => askClear(of, "drift found"),
  },
  {
    rule: `${enough.files} or more releases changed nothing but files, none more than files or package versions, and it drifts or builds images: immutable base, configuration in place`,
    ask: askFiles,
  },
  {
    rule: "A clearly smaller share of the rollouts failed one way: that way",
    ask: (of) => askClear(of, "rollouts that failed"),
  },
  {
    rule: "Updates were clearly faster one way, building the image included: that way",
    ask: (of) => askClear(of, "update, building the image included"),
  },
]

const lastRule = "None of these: stay with what it is"

/** Pure: the same log always leads to the same advice. */
export const adviseFleet = (of: Case): Recommendation => {
  const asked = rules.map(({ rule, ask }) => ({ rule, ...ask(of) }))
  const decided = asked.find(({ choice }) => choice !== undefined) ?? askLast(of)
  const last = decided.rule === lastRule ? decided : { rule: lastRule, saw: "One of them held." }
  return {
    choice: decided.choice ?? "either",
    because: [decided.saw, ...(decided.more === undefined ? [] : [decided.more])],
    rules: [...asked, last].map(({ rule, saw, choice }) => ({
      ...{ rule, saw },
      held: choice !== undefined,
      decided: rule === decided.rule,
    })),
  }
}

const askLast = ({ life }: Case): Asked & Pick<Rule, "rule"> => ({
  rule: lastRule,
  saw: `Nothing in the log says that ${life.fleet} would fare better another way than ${words[life.delivery]}.`,
  choice: "either",
})

const words = { "in-place": "in place", replace: "by replacement" } as const satisfies Record<Delivery, string>

/** Whether a clear difference is one between the two ways, and concerns this fleet. */
const askClear = ({ life, lives, measures }: Case, name: MeasureName): Asked => {
  const deliveries = new Map(lives.map(({ fleet, delivery }) => [fleet, delivery]))
  const { figures = [], pairs = [] } = measures.find((each) => each.name === name) ?? {}
  const saw = sawIn(lives, figures)
  const won = new Set<Delivery>()
  for (const { fleets, difference } of pairs) {
    if (!difference.clear || !fleets.includes(life.fleet)) continue
    const delivery = deliveries.get(difference.better)
    if (delivery !== undefined && delivery !== deliveries.get(difference.worse)) won.add(delivery)
  }
  const [choice, other] = won
  // Where fleets of one way stand on both sides, it is not the way that makes the difference.
  return choice === undefined || other !== undefined ? { saw } : { saw, choice: words[choice] }
}

const sawIn = (lives: readonly FleetLife[], figures: readonly LifeFigure[]): string =>
  `${lives
    .map(({ fleet, delivery }) => {
      const figure = figures.find((each) => each.fleet === fleet)
      return `${fleet} (${words[delivery]}): ${figure === undefined ? "not known" : tell(figure)}`
    })
    .join("; ")}.`

const tell = (figure: LifeFigure): string => {
  if ("median" in figure) return `${figure.median.toFixed(1)} s, median of ${figure.runs.length}`
  if (figure.unit === "share") return `${figure.count} of ${figure.of}`
  const times = figure.count === 1 ? "once" : `${figure.count} times`
  return figure.young === true
    ? `${times} in less than a week`
    : `${times}, ${figure.rate.toFixed(2)} per machine and month`
}
