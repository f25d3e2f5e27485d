import { table } from "../../../src/cli/render/table.ts"
import { type Kind, kinds } from "./choose.ts"
import type { Outcome, Truth } from "./matrix.ts"

/** How many faults of a kind ended how. */
export interface KindRow {
  readonly case: Kind | "all"
  readonly faults: number
  readonly N: number
  readonly "N-1": number
  readonly between: number
  /** The controller said something that was not so. */
  readonly untrue: number
  /** How many may end between, or be told untruly. */
  readonly goal: 0
  readonly met: boolean
}

/** A row for each kind, and one for all. Faults that hit nothing are not among them. */
export const countOutcomes = (outcomes: readonly Outcome[]): readonly KindRow[] => {
  const injected = outcomes.filter((outcome) => outcome.injected)
  return [
    ...kinds.map((kind) =>
      countRow(
        kind,
        injected.filter(({ fault }) => fault.kind === kind),
      ),
    ),
    countRow("all", injected),
  ]
}

const countRow = (name: KindRow["case"], outcomes: readonly Outcome[]): KindRow => {
  const ended = (truth: Truth): number => outcomes.filter((outcome) => outcome.truth === truth).length
  const between = ended("between")
  const untrue = outcomes.filter(({ honest }) => !honest).length
  const counts = { faults: outcomes.length, N: ended("N"), "N-1": ended("N-1"), between, untrue }
  return { case: name, ...counts, goal: 0, met: between + untrue === 0 }
}

export const renderRows = (rows: readonly KindRow[]): string =>
  table(
    ["fault", "injected", "N", "N-1", "between", "untrue", ""],
    rows.map((row) => [
      row.case,
      ...[row.faults, row.N, row["N-1"], row.between, row.untrue].map(String),
      row.met ? "met" : "missed",
    ]),
  )

/** What bench/results/faults.json holds, as far as it is read again. */
export interface FaultsDocument {
  readonly date: string
  readonly commit: string
  readonly seconds: number
  readonly steps: number
  readonly points: number
  readonly seeds: readonly number[]
  readonly rows: readonly KindRow[]
}

const [begins, ends] = ["<!-- figures -->\n", "<!-- /figures -->"]

/** The page with the figures of a run in the place that it has for them. */
export const withFigures = (page: string, run: FaultsDocument): string => {
  const [before = "", rest = ""] = page.split(begins)
  const lines = run.rows.map(
    (row) => `| ${row.case} | ${row.faults} | ${row.N} | ${row["N-1"]} | ${row.between} | ${row.untrue} |`,
  )
  const head = `${run.steps} steps, ${run.points} points, seed ${run.seeds.join(", ")}; ${run.seconds} s, on ${run.date.slice(0, 10)} at ${run.commit.slice(0, 10)}:`
  const title = "| fault | injected | at N | at N-1 | between | told untruly |\n|---|---|---|---|---|---|"
  return [before, begins, head, "\n\n", title, "\n", lines.join("\n"), "\n", ends, rest.split(ends)[1]].join("")
}

/** `power at 312, done 40 → sync journal: N-1 in 2.1 s`. */
export const describeOutcome = ({ fault, injected, truth, honest, answer, differences, seconds }: Outcome): string => {
  const { kind, point, delayMs, alone } = fault
  const when = `${delayMs === 0 ? "at" : `${delayMs} ms after`} ${point.number}, ${point.journal} → ${point.program} ${point.words.slice(0, 40)}`
  const how = injected ? `${truth} in ${seconds.toFixed(1)} s` : "not hit"
  const lie = honest ? [] : [`  the controller said ${JSON.stringify(answer)}`]
  return [`${kind}${alone ? " alone" : ""} ${when}: ${how}`, ...lie, ...differences.map((line) => `  ${line}`)].join(
    "\n",
  )
}

/** What a test or a person must look at. */
export const isBad = ({ injected, truth, honest }: Outcome): boolean => injected && (truth === "between" || !honest)
