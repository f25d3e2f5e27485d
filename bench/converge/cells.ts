import type { Case } from "./side.ts"

/** One place of the matrix: what is done, where, by whom, how often. */
export interface Cell {
  readonly which: Case
  readonly hosts: number
  readonly latencyMs: number
  readonly resources: 100 | 1000
  /** Names of sides, as `sides` in `../converge.ts` has them. */
  readonly sides: readonly SideName[]
}

export type SideName = "fireclay" | "floor" | "ansible" | "tuned" | "mitogen" | "pyinfra"

const fast = ["fireclay", "floor"] as const
const all = ["fireclay", "floor", "mitogen", "pyinfra", "tuned", "ansible"] as const
const everyCase = ["first apply", "no change", "one changed file", "preview"] as const

/**
 * The matrix. Ours and the floor are measured in all of it; the peers, which take from seconds to minutes for each run,
 * where a goal or a user's question asks for them: otherwise it would take a day.
 */
export const cells = (quick: boolean): readonly Cell[] =>
  quick
    ? [
        ...everyCase.map((which) => at(which, 1, 0, [...fast, "mitogen"])),
        ...everyCase.map((which) => at(which, 10, 0, fast)),
        at("no change", 1, 200, fast),
        { ...at("no change", 1, 0, ["fireclay", "floor"]), resources: 1000 },
      ]
    : [
        ...everyCase.map((which) => at(which, 1, 0, all)),
        ...everyCase.map((which) => at(which, 10, 0, peersAtTen(which))),
        ...everyCase.map((which) => at(which, 50, 0, fast)),
        ...[50, 200].flatMap((latencyMs) => [
          ...everyCase.map((which) => at(which, 1, latencyMs, fast)),
          ...everyCase.map((which) => at(which, 10, latencyMs, fast)),
          at("no change", 1, latencyMs, ["fireclay", "mitogen"]),
        ]),
        { ...at("no change", 1, 0, fast), resources: 1000 },
      ]

const peersAtTen = (which: Case): readonly SideName[] =>
  which === "first apply" || which === "no change" ? ["fireclay", "floor", "mitogen", "pyinfra", "tuned"] : fast

const at = (which: Case, hosts: number, latencyMs: number, sides: readonly SideName[]): Cell => ({
  which,
  hosts,
  latencyMs,
  resources: 100,
  sides,
})

/** `no change, 10 hosts, 50 ms`: what a row is called. */
export const nameOf = ({ which, hosts, latencyMs, resources }: Cell): string =>
  [
    which,
    hosts === 1 ? "1 host" : `${hosts} hosts`,
    ...(latencyMs === 0 ? [] : [`${latencyMs} ms`]),
    ...(resources === 100 ? [] : [`${resources} resources`]),
  ].join(", ")

/** The highest ratio of ours to a peer's time that is good enough. */
export const goalOf = ({ which, hosts, latencyMs, resources }: Cell, peer: SideName): number | null => {
  if (latencyMs > 0 || resources !== 100) return null
  const goals: { readonly [place: string]: { readonly [peer in SideName]?: number } } = {
    "no change, 1": { floor: 1.5 },
    "no change, 10": { floor: 1.5, tuned: 1 / 100, mitogen: 1 / 20 },
    "first apply, 10": { floor: 2, tuned: 1 / 20 },
  }
  return goals[`${which}, ${hosts}`]?.[peer] ?? null
}
