/** What has to be true of a new release while it serves a part of the requests. Data, so that it can be stored. */
export type Gate =
  | {
      readonly kind: "error-rate"
      /** Share of requests, 0 to 1; absent: no limit of its own. */
      readonly atMost: number | null
      /** How much higher than that of the old release it may be; `null`: not compared. */
      readonly aboveBaseline: number | null
    }
  | {
      readonly kind: "latency"
      /** 0 to 100. */
      readonly percentile: number
      readonly atMostMs: number | null
      /** How many times that of the old release it may be; `null`: not compared. */
      readonly timesBaseline: number | null
    }
  /** Something outside that is asked at the end of each measurement. */
  | { readonly kind: "http"; readonly url: string; readonly status: readonly number[]; readonly withinMs: number }
  /** A program on the controller's machine; exit code 0 is good. */
  | { readonly kind: "command"; readonly argv: readonly string[]; readonly withinMs: number }

/** What a gate that asks something outside came to. */
export interface CheckAnswer {
  readonly good: boolean
  /** For people: `status 503`, the last line that a program said. */
  readonly said: string
}

/** Asks what stands outside. Never throws for what it met there. */
export type Check = (
  gate: Extract<Gate, { readonly kind: "http" | "command" }>,
  signal?: AbortSignal,
) => Promise<CheckAnswer>
