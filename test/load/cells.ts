/** One field of the matrix: a fleet of three, taken from v1 to v2 and back under load. */
export interface Cell {
  readonly engine: "local"
  readonly by: "in place" | "by replacement"
  readonly strategy: string
  /** The strategy as a configuration writes it. */
  readonly source: string
  /** Further options of the delivery, as a configuration writes them. */
  readonly options?: string
}

export const nameOf = ({ engine, by, strategy }: Cell): string => `${strategy}, ${by}, ${engine}`

/** Every strategy with each engine and both ways, where they make sense. */
export const cells: readonly Cell[] = [
  { engine: "local", by: "in place", strategy: "all-at-once", source: "allAtOnce()" },
  { engine: "local", by: "in place", strategy: "rolling", source: "rolling()" },
  { engine: "local", by: "by replacement", strategy: "all-at-once", source: "allAtOnce()" },
  { engine: "local", by: "by replacement", strategy: "rolling", source: "rolling()" },
  { engine: "local", by: "by replacement", strategy: "blue-green", source: "blueGreen()" },
]
