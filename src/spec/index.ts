export { type DebianOptions, debian, from, image, rootfs } from "./base.ts"
export {
  type ByFor,
  type DeliveryOptions,
  type InPlaceOptions,
  inPlace,
  type ReplaceOptions,
  replace,
} from "./delivery.ts"
export type { DriftOptions } from "./drift.ts"
export { type FleetOptions, fleet, type HostsFor, type OnDriftFor, type UnnamedFleet } from "./fleet.ts"
export { type DockerOptions, docker, type LocalInstances, local } from "./hosts.ts"
export { key } from "./key.ts"
export type { PatchOptions, PatchWindowOption, WeeklyWindowText } from "./patch.ts"
export { type ProcfileOptions, procfile } from "./procfile.ts"
export { defineProject, isProject, type ProjectOptions } from "./project.ts"
export { type SecretOptions, secret } from "./secret.ts"
export {
  type AnsibleInventoryOptions,
  ansibleInventory,
  type TerraformOptions,
  terraform,
} from "./sources.ts"
export {
  type HealthOptions,
  type ReleaseTaskOptions,
  type RunOptions,
  type SpecOptions,
  spec,
  type UserDataOptions,
  type VolumeOptions,
} from "./spec.ts"
export { type HostsFrom, type SshHostOptions, type SshJumpOptions, type SshOptions, ssh } from "./ssh.ts"
export { tagged } from "./tagged.ts"
