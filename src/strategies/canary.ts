import { z } from "zod"
import type { Delivery, Gate, Strategy, StrategyFor } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { duration } from "../schema/fields.ts"
import { type CanaryState, canaryInPlace, canaryReplace } from "./canary-moves.ts"
import { needsBaseline } from "./gates.ts"

export interface CanaryStep {
  /** Percent of new requests that go to the new release: 1 to 99. */
  readonly weight: number
  /** For how long; absent: until somebody says `fireclay promote`. */
  readonly for?: string
}

export interface CanaryOptions {
  /** Default: 10 % for 5 minutes, then 50 % for 5 minutes. */
  readonly steps?: readonly CanaryStep[]
  /** What has to be true meanwhile. Default: `[errorRate({ atMost: "1%" })]`; `[]`: nothing but health. */
  readonly gates?: readonly Gate[]
  /** How often the gates are asked during a step. Default: `"30s"`. */
  readonly every?: string
  /** Fewer requests than this to either side say nothing: the step is inconclusive. Default: 50. */
  readonly leastRequests?: number
  /**
   * By replacement: what gates compare with. `"fresh"`: instances of the old release that are made at the same time as
   * the new ones, so that both are equally cold. `"old"`: those that serve already. Default: `"fresh"`.
   */
  readonly baseline?: "fresh" | "old"
  /** Name of a cookie that keeps a client at the release that it met first, as long as that serves. */
  readonly sticky?: string
}

/**
 * Sends a share of the requests to the new release, in steps, and goes on while its gates hold. A gate that fails leads
 * back; a step without enough requests to judge by is inconclusive, and waits for somebody. By replacement the old set
 * stays whole until the end.
 *
 * @example
 * replace({
 *   strategy: canary({
 *     steps: [{ weight: 5, for: "2m" }, { weight: 50, for: "10m" }],
 *     gates: [errorRate({ atMost: "1%", aboveBaseline: "0.5%" }), latency({ percentile: 99, timesBaseline: 1.5 })],
 *   }),
 * })
 * @throws FireclayError FC_SPEC_VALUE, FC_SPEC_DURATION
 */
export function canary(options: CanaryOptions & { readonly baseline: "fresh" }): StrategyFor<"replace">
export function canary(options?: CanaryOptions): StrategyFor<"in-place" | "replace">
export function canary(options: CanaryOptions = {}): StrategyFor<"in-place" | "replace"> {
  const checked = check(schema, options, "canary")
  const { steps, gates, every, leastRequests, sticky } = checked
  const deliveries: readonly Delivery[] = checked.baseline === "fresh" ? ["replace"] : ["in-place", "replace"]
  // Where the machines stay there is no fresh one to compare with: what serves is compared with.
  const baseline = checked.baseline ?? (gates.some(needsBaseline) ? "fresh" : "old")
  return Object.freeze({
    name: canaryStrategy.name,
    can: Object.freeze(Object.fromEntries(deliveries.map((delivery) => [delivery, true]))) as {
      readonly "in-place": true
      readonly replace: true
    },
    deliveries: Object.freeze(deliveries),
    needsRouter: true,
    options: Object.freeze({
      steps: Object.freeze(steps.map(({ weight, for: forMs = null }) => Object.freeze({ weight, forMs }))),
      gates: Object.freeze([...gates]),
      everyMs: every,
      leastRequests,
      baseline,
      ...(sticky === undefined ? {} : { sticky }),
    }),
  })
}

const gateKinds: ReadonlySet<unknown> = new Set<Gate["kind"]>(["error-rate", "latency", "http", "command"])

const isGate = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "kind" in value && gateKinds.has(value.kind)

const schema = z.strictObject({
  steps: z
    .array(z.strictObject({ weight: z.number().min(1).max(99), for: duration.optional() }))
    .min(1, "a canary needs a step")
    .refine(
      (steps) => steps.every(({ weight }, index) => index === 0 || weight > (steps[index - 1]?.weight ?? 0)),
      "each step has a higher weight than the one before",
    )
    .default([
      { weight: 10, for: 300_000 },
      { weight: 50, for: 300_000 },
    ]),
  gates: z
    .array(z.custom<Gate>(isGate, "not a gate: use errorRate(…), latency(…), httpCheck(…) or commandCheck(…)"))
    .default([Object.freeze({ kind: "error-rate", atMost: 0.01, aboveBaseline: null })]),
  every: duration.default(30_000),
  leastRequests: z.int().min(1).default(50),
  baseline: z.enum(["fresh", "old"]).optional(),
  sticky: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_-]*$/, "not the name of a cookie")
    .optional(),
})

export const canaryStrategy: Strategy = Object.freeze<Strategy>({
  name: "canary",
  deliveries: Object.freeze(["in-place", "replace"] as const),
  next: (view, options) => {
    const state = options as unknown as CanaryState
    return view.delivery === "in-place" ? canaryInPlace(view, state) : canaryReplace(view, state)
  },
})
