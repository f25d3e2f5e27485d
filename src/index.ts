export type {
  Base,
  By,
  Delivery,
  Fleet,
  Hosts,
  MachineFacts,
  Project,
  Resource,
  ResourcesOf,
  SecretReference,
  Spec,
  SshEndpoint,
  SshHost,
  StrategyFor,
  Sudo,
  SudoPassword,
} from "./contract/index.ts"
export { type ErrorCode, FireclayError, isFireclayError } from "./contract/index.ts"
export * from "./spec/index.ts"
export * from "./strategies/public.ts"
