import { z } from "zod"
import type { Gate } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { argv, duration } from "../schema/fields.ts"

export interface ErrorRateOptions {
  /** The most that may fail, such as `"1%"`. */
  readonly atMost?: `${number}%`
  /** How much more may fail than of the old release's requests in the same time, such as `"0.5%"`. */
  readonly aboveBaseline?: `${number}%`
}

/**
 * How many requests may end with a status of 500 and above, or with none.
 *
 * @example
 * errorRate({ atMost: "1%", aboveBaseline: "0.2%" })
 * @throws FireclayError FC_SPEC_VALUE
 */
export const errorRate = (options: ErrorRateOptions = { atMost: "1%" }): Gate => {
  const { atMost = null, aboveBaseline = null } = check(errorRateSchema, options, "errorRate")
  return Object.freeze({ kind: "error-rate", atMost, aboveBaseline })
}

export interface LatencyOptions {
  /** Which percentile. Default: 99. */
  readonly percentile?: number
  /** The most that it may be, such as `"300ms"`. */
  readonly atMost?: string
  /** How many times that of the old release in the same time it may be, such as 1.5. */
  readonly timesBaseline?: number
}

/**
 * How long requests may take.
 *
 * @example
 * latency({ percentile: 99, atMost: "300ms", timesBaseline: 1.5 })
 * @throws FireclayError FC_SPEC_VALUE, FC_SPEC_DURATION
 */
export const latency = (options: LatencyOptions): Gate => {
  const { percentile, atMost = null, timesBaseline = null } = check(latencySchema, options, "latency")
  return Object.freeze({ kind: "latency", percentile, atMostMs: atMost, timesBaseline })
}

export interface HttpCheckOptions {
  /** Statuses that are good. Default: 200. */
  readonly status?: number | readonly number[]
  /** Default: `"10s"`. */
  readonly within?: string
}

/**
 * Asks a URL at the end of each measurement: a monitoring system's own judgement, for example.
 *
 * @example
 * httpCheck("https://metrics.example.com/verdict?service=web")
 * @throws FireclayError FC_SPEC_VALUE, FC_SPEC_DURATION
 */
export const httpCheck = (url: string, options: HttpCheckOptions = {}): Gate => {
  const { status, within, ...rest } = check(httpSchema, { ...options, url }, "httpCheck")
  return Object.freeze({ kind: "http", url: rest.url, status, withinMs: within })
}

/**
 * Runs a program on the controller's machine at the end of each measurement; exit code 0 is good. No shell takes part.
 *
 * @example
 * commandCheck(["/usr/local/bin/smoke-test", "--url", "http://127.0.0.1:8080"])
 * @throws FireclayError FC_SPEC_VALUE, FC_SPEC_DURATION
 */
export const commandCheck = (words: readonly string[], options: { readonly within?: string } = {}): Gate => {
  const checked = check(commandSchema, { ...options, argv: words }, "commandCheck")
  return Object.freeze({ kind: "command", argv: Object.freeze(checked.argv), withinMs: checked.within })
}

/** True for gates that compare with the old release. */
export const needsBaseline = (gate: Gate): boolean =>
  (gate.kind === "error-rate" && gate.aboveBaseline !== null) ||
  (gate.kind === "latency" && gate.timesBaseline !== null)

const percent = z
  .string()
  .regex(/^(100|\d{1,2}(\.\d+)?)%$/, 'not a share: write a number and a percent sign, such as "1%"')
  .transform((text) => Number.parseFloat(text) / 100)

const errorRateSchema = z
  .strictObject({ atMost: percent.optional(), aboveBaseline: percent.optional() })
  .refine((options) => Object.keys(options).length > 0, "say atMost, aboveBaseline, or both")

const latencySchema = z
  .strictObject({
    percentile: z.number().gt(0).lt(100).default(99),
    atMost: duration.optional(),
    timesBaseline: z.number().min(1).optional(),
  })
  .refine(
    ({ atMost, timesBaseline }) => atMost !== undefined || timesBaseline !== undefined,
    "say atMost, timesBaseline, or both",
  )

const httpSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: "not a URL of http or https" }),
  status: z
    .union([z.number(), z.array(z.number())])
    .default(200)
    .transform((status) => [status].flat()),
  within: duration.default(10_000),
})

const commandSchema = z.strictObject({ argv, within: duration.default(60_000) })
