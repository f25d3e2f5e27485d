import type { Strategy } from "../contract/index.ts"
import { allAtOnceStrategy } from "./all-at-once.ts"
import { blueGreenStrategy } from "./blue-green.ts"
import { canaryStrategy } from "./canary.ts"
import { immutableStrategy } from "./immutable.ts"
import { rollingStrategy } from "./rolling.ts"
import { additionalBatchStrategy } from "./rolling-with-additional-batch.ts"

export * from "./public.ts"

/** Every policy, for looking one up by the name in a fleet's strategy. */
export const strategies: readonly Strategy[] = Object.freeze([
  allAtOnceStrategy,
  rollingStrategy,
  additionalBatchStrategy,
  immutableStrategy,
  blueGreenStrategy,
  canaryStrategy,
])
