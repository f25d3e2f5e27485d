export type {
  Base,
  By,
  DebianBase,
  Delivery,
  DriftKind,
  Fleet,
  Hosts,
  IgnoreRule,
  ImageBase,
  MachineFacts,
  Project,
  Resource,
  ResourcesOf,
  RootfsBase,
  SecretReference,
  Spec,
  SpecBase,
  SshEndpoint,
  SshHost,
  StrategyFor,
  Sudo,
  SudoPassword,
  Verify,
  WatchRule,
} from "./contract/index.ts"
export { type ErrorCode, FireclayError, isFireclayError } from "./contract/index.ts"
export * from "./spec/index.ts"
export * from "./strategies/public.ts"
