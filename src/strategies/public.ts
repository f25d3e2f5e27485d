export { allAtOnce } from "./all-at-once.ts"
export type { Batch } from "./batches.ts"
export { type BlueGreenOptions, blueGreen } from "./blue-green.ts"
export { type CanaryOptions, type CanaryStep, canary } from "./canary.ts"
export {
  commandCheck,
  type ErrorRateOptions,
  errorRate,
  type HttpCheckOptions,
  httpCheck,
  type LatencyOptions,
  latency,
} from "./gates.ts"
export { type ImmutableOptions, immutable } from "./immutable.ts"
export type { Order } from "./order.ts"
export { type InPlaceRollingOptions, type RollingOptions, rolling } from "./rolling.ts"
export { type AdditionalBatchOptions, rollingWithAdditionalBatch } from "./rolling-with-additional-batch.ts"
