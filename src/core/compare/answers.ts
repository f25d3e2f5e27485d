import type { Way } from "./document.ts"

export const questions = [
  "Deployment time",
  "Resource use",
  "Error rate",
  "Scalability",
  "What goes wrong",
  "Drift",
] as const
export type Question = (typeof questions)[number]

/** What the measurements say. Pure: the same measurements always say the same. */
export interface Answers {
  readonly answers: readonly Answer[]
  readonly models: readonly ScaleModel[]
  readonly recommendation: Recommendation
}

export interface Answer {
  readonly question: Question
  /** Plain words, a sentence each. */
  readonly verdict: readonly string[]
  readonly measures: readonly Measure[]
}

/** One figure of each way. */
export interface Measure {
  /** `update, until all answers are of the new version`. */
  readonly name: string
  readonly unit: "s" | "ms" | "B" | "machine s" | "requests" | "changes"
  /** In the order of the comparison's ways; a way without figures is not in it. */
  readonly spreads: readonly (Spread & { readonly way: string })[]
  readonly difference: Difference
}

/** Runs of one way. */
export interface Spread {
  readonly runs: readonly number[]
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

export type Difference =
  /** `better`: the way with the smaller figure. `factor`: of the medians, above 1; absent where the smaller one is 0. */
  | { readonly clear: true; readonly better: string; readonly worse: string; readonly factor?: number }
  /** `few`: with so few runs chance cannot be told from a difference. */
  | { readonly clear: false; readonly why: "spread" | "equal" | "small" | "few" | "one way" }

/** How a time grows with the number of machines. */
export interface ScaleModel {
  readonly way: Way["name"]
  readonly what: "update" | "grow"
  /** `2.1 s + 0.84 s × machines`. */
  readonly formula: string
  /** Machines that were measured: the least and the most. */
  readonly measured: readonly [number, number]
  /** By size, up to 10,000: what is expected, and within what bounds at 95 %. */
  readonly curve: readonly {
    readonly size: number
    readonly seconds: number
    readonly low: number
    readonly high: number
  }[]
}

export interface Recommendation {
  /** `in place`, `by replacement`, or a hybrid. */
  readonly choice: "in place" | "by replacement" | "immutable base, configuration in place" | "either"
  /** Which rule led to it, and the figures that it saw: a sentence each. */
  readonly because: readonly string[]
  /** All rules in the order in which they are asked, the one that decided among them. */
  readonly rules: readonly {
    readonly rule: string
    /** The figures that it was held against. */
    readonly saw: string
    readonly held: boolean
    readonly decided: boolean
  }[]
}
