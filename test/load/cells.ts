/** One field of the matrix: a fleet of three, taken from v1 to v2 and back under load. */
export interface Cell {
  readonly engine: "local" | "docker"
  readonly by: "in place" | "by replacement"
  readonly strategy: string
  /** The strategy as a configuration writes it. */
  readonly source: string
  /** Further options of the fleet, as a configuration writes them. */
  readonly fleet?: string
}

export const nameOf = ({ engine, by, strategy }: Cell): string => `${strategy}, ${by}, ${engine}`

/** Shares that a gate would have to wait for are not what this is about. */
const canary = 'canary({ steps: [{ weight: 20, for: "3s" }, { weight: 50, for: "3s" }], every: "2s" })'
// As long as draining what takes five seconds, and starting all anew, take together.
const patient = 'hold: "30s"'

/** Every strategy with each engine and both ways, where they make sense. */
export const cells: readonly Cell[] = [
  { engine: "local", by: "in place", strategy: "all-at-once", source: "allAtOnce()", fleet: patient },
  { engine: "local", by: "in place", strategy: "rolling", source: "rolling()" },
  { engine: "local", by: "in place", strategy: "canary", source: canary },
  ...(["local", "docker"] as const).flatMap((engine): readonly Cell[] => [
    { engine, by: "by replacement", strategy: "all-at-once", source: "allAtOnce()", fleet: patient },
    { engine, by: "by replacement", strategy: "rolling", source: "rolling()" },
    {
      engine,
      by: "by replacement",
      strategy: "rolling with additional batch",
      source: "rollingWithAdditionalBatch()",
    },
    { engine, by: "by replacement", strategy: "immutable", source: 'immutable({ together: "2s" })' },
    { engine, by: "by replacement", strategy: "blue-green", source: "blueGreen()" },
    { engine, by: "by replacement", strategy: "blue-green, kept", source: 'blueGreen({ keep: "10m" })' },
    { engine, by: "by replacement", strategy: "canary", source: canary },
  ]),
]
