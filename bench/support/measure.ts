/** What one side of a comparison took, and how far its runs lie apart. */
export interface Figures {
  readonly median: number
  readonly lowest: number
  readonly highest: number
  /** Every run, in the order in which they were made. */
  readonly runs: readonly number[]
}

/** One side: does its work once. A number that it answers is milliseconds, measured by itself; else it is timed. */
export type Side = () => Promise<unknown>

/**
 * Runs all sides `rounds` times in turn, and the other way round in every second round, so that whatever else the
 * machine does meets all of them alike. Each side runs once before that, uncounted.
 */
export const alternate = async <Name extends string>(
  sides: Readonly<Record<Name, Side>>,
  rounds: number,
): Promise<Readonly<Record<Name, Figures>>> => {
  const names = Object.keys(sides) as Name[]
  const runs = new Map<Name, number[]>(names.map((name) => [name, []]))
  for (const name of names) await sides[name]()
  for (let round = 0; round < rounds; round += 1)
    for (const name of round % 2 === 0 ? names : names.toReversed()) runs.get(name)?.push(await timed(sides[name]))
  return Object.fromEntries(names.map((name) => [name, figures(runs.get(name) ?? [])])) as Record<Name, Figures>
}

export const figures = (runs: readonly number[]): Figures => ({
  median: round(median(runs)),
  lowest: round(Math.min(...runs)),
  highest: round(Math.max(...runs)),
  runs: runs.map(round),
})

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}

/** `312 (290–341)`: the median and the outermost runs. */
export const withSpread = ({ median: middle, lowest, highest }: Figures, digits = 0): string =>
  `${middle.toFixed(digits)} (${lowest.toFixed(digits)}–${highest.toFixed(digits)})`

/** Hundredths are more than any of these clocks and machines can tell apart. */
const round = (value: number): number => Number(value.toFixed(2))

const timed = async (side: Side): Promise<number> => {
  const began = performance.now()
  const own = await side()
  return typeof own === "number" ? own : performance.now() - began
}
