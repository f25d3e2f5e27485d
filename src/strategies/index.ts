import type { Strategy } from "../contract/index.ts"
import { allAtOnceStrategy } from "./all-at-once.ts"
import { blueGreenStrategy } from "./blue-green.ts"
import { rollingStrategy } from "./rolling.ts"

export { allAtOnce } from "./all-at-once.ts"
export type { Batch } from "./batches.ts"
export { blueGreen } from "./blue-green.ts"
export type { Order } from "./order.ts"
export { type InPlaceRollingOptions, type RollingOptions, rolling } from "./rolling.ts"

/** Every policy, for looking one up by the name in a fleet's strategy. */
export const strategies: readonly Strategy[] = Object.freeze([allAtOnceStrategy, rollingStrategy, blueGreenStrategy])
