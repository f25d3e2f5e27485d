export type {
  Base,
  By,
  Delivery,
  Fleet,
  Hosts,
  Project,
  Resource,
  SecretReference,
  Spec,
  SshHost,
  StrategyFor,
} from "./contract/index.ts"
export { type ErrorCode, FireclayError, isFireclayError } from "./contract/index.ts"
export * from "./spec/index.ts"
export { allAtOnce, blueGreen, type RollingOptions, rolling } from "./strategies/index.ts"
