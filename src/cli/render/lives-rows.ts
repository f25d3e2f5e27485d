import type { ComparedLives, FleetLife, LifeFigure, LifeMeasure, LifePair } from "../../core/index.ts"
import { inWords } from "./status.ts"

export const timesNote = "of times: the median (the least – the most, of how many)"

export const choiceOf = (choice: ComparedLives["recommendations"][number]["choice"]): string =>
  choice === "either" ? "stay with what it is" : choice

/** Fleets in columns, and of two what differs between them. */
export const livesTable = ({ fleets, measures }: ComparedLives) => ({
  heads: ["", ...fleets.map(({ fleet }) => fleet), ...(fleets.length === 2 ? ["difference"] : [])],
  rows: [
    ...countRows(fleets),
    ...measures.map((measure) => measureRow(measure, fleets)),
    ["drift, what became of it", ...fleets.map(becameOf)],
    ["patches", ...fleets.map(patchesOf)],
  ],
})

/** Since when a fleet is in the log, and what it is counted by. */
export const period = (life: FleetLife): string => {
  const { delivery, since, until, before, machines, machineMonths, lookedOnDays } = life
  const lasted = inWords(Date.parse(until) - Date.parse(since))
  return [
    `${ways[delivery]}, since ${since.slice(0, 10)} (${lasted})`,
    `${countOf(machines, "machine")} now, ${machineMonths.toFixed(1)} machine months`,
    lookedOnDays === 0
      ? "nobody looked for drift, as far as the log knows"
      : `looked for drift on ${countOf(lookedOnDays, "day")}`,
    ...(before === undefined ? [] : [`${ways[before]} before, which does not count`]),
  ].join("; ")
}

const ways = { "in-place": "in place", replace: "by replacement" } as const

const countRows = (fleets: readonly FleetLife[]): readonly (readonly string[])[] => [
  ["rollouts", ...fleets.map(rolloutsOf)],
  ...outcomes.flatMap(([outcome, word]) => {
    const counts = fleets.map(({ rollouts }) => rollouts.filter((each) => each.outcome === outcome).length)
    return counts.some((count) => count > 0) ? [[`  ${word}`, ...counts.map(String)]] : []
  }),
  [
    "last release that came into force",
    ...fleets.map(({ rollouts }) => String(rollouts.findLast(({ seconds }) => seconds !== undefined)?.to ?? "–")),
  ],
]

const rolloutsOf = ({ rollouts }: FleetLife): string => {
  const told = kinds.flatMap(([kind, word]) => {
    const { length } = rollouts.filter((each) => each.kind === kind)
    return length === 0 ? [] : [`${length} ${word}`]
  })
  return `${rollouts.length} (${told.join(", ")})`
}

export const kinds = [
  ["first", "first"],
  ["update", "to another release"],
  ["back", "back"],
  ["again", "to the same"],
  ["repair", "after drift"],
] as const

export const outcomes = [
  ["finished", "finished"],
  ["partial", "left some machines behind"],
  ["reverted", "taken back"],
  ["failed", "failed, going back too"],
  ["cut off", "cut off, and nobody went on"],
  ["aborted", "called off"],
  ["under way", "under way"],
] as const

const measureRow = ({ name, unit, figures, pairs }: LifeMeasure, fleets: readonly FleetLife[]): readonly string[] => [
  unit === "per machine and month" ? `${name}, ${unit}` : name,
  ...fleets.map(({ fleet }) => {
    const figure = figures.find((each) => each.fleet === fleet)
    return figure === undefined ? "–" : tellFigure(figure)
  }),
  ...(fleets.length === 2 ? pairs.map((pair) => tellPair(pair, unit)) : []),
]

const tellFigure = (figure: LifeFigure): string => {
  if ("median" in figure) {
    const { median, lowest, highest, runs } = figure
    return runs.length === 1
      ? `${time(median)} (once)`
      : `${time(median)} (${time(lowest)} – ${time(highest)}, of ${runs.length})`
  }
  const { unit, count, of, rate, young } = figure
  if (unit === "share") return `${count} of ${of} (${(rate * 100).toFixed(0)} %)`
  return young === true
    ? `${countOf(count, "time")}, in less than a week`
    : `${rate.toFixed(2)} (${countOf(count, "time")})`
}

const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`

/** Of three fleets and more: what differs clearly, two by two. */
export const tellPairs = ({ fleets, measures }: ComparedLives): readonly (readonly [fleets: string, told: string])[] =>
  fleets.length === 2
    ? []
    : fleets.flatMap(({ fleet: left }, index) =>
        fleets.slice(index + 1).map(({ fleet: right }) => {
          const told = measures.flatMap(({ name, unit, pairs }) =>
            pairs
              .filter(({ fleets: pair, difference }) => difference.clear && pair[0] === left && pair[1] === right)
              .map((pair) => `${name}: ${tellPair(pair, unit)}`),
          )
          return [
            `${left} and ${right}`,
            told.length === 0 ? "no clear difference, or too few to tell" : told.join("; "),
          ] as const
        }),
      )

/** What takes less than a minute is told to a tenth of a second. */
export const time = (seconds: number): string => (seconds < 60 ? `${seconds.toFixed(1)} s` : inWords(seconds * 1_000))

const tellPair = ({ difference }: LifePair, unit: LifeMeasure["unit"]): string => {
  if (!difference.clear) return unclear[difference.why]
  const { better, worse, factor } = difference
  const times = factor === undefined ? "" : `${factor.toFixed(1)} × `
  if (unit === "s") return factor === undefined ? `${better} is faster` : `${better} ${times}faster`
  return factor === undefined ? `only ${worse}` : `${worse} ${times}as often`
}

const unclear = {
  spread: "no clear difference",
  equal: "the same",
  small: "no difference that matters",
  few: "too few to tell",
  "one way": "",
} as const

const becameOf = ({ drift }: FleetLife): string => {
  if (drift.length === 0) return "–"
  const counts = [...Map.groupBy(drift, ({ became }) => became)].map(([became, { length }]) => `${length} ${became}`)
  return `${countOf(drift.length, "thing")}: ${counts.join(", ")}`
}

const patchesOf = ({ patches: { machines, packages, undone, reboots, forced } }: FleetLife): string => {
  const more = [
    [undone, "taken back"],
    [reboots, "started anew"],
    [forced, "outside of the window"],
  ] as const
  const told = more.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  return machines === 0
    ? "–"
    : [`${countOf(packages, "package")}, ${countOf(machines, "time")} a machine`, ...told].join(", ")
}
