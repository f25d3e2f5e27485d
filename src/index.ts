export type {
  Base,
  By,
  DebianBase,
  Delivery,
  Fleet,
  Hosts,
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
} from "./contract/index.ts"
export { type ErrorCode, FireclayError, isFireclayError } from "./contract/index.ts"
export * from "./spec/index.ts"
export * from "./strategies/public.ts"
