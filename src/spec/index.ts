export {
  type ByFor,
  type DeliveryOptions,
  type FleetOptions,
  fleet,
  type HostsFor,
  type InPlaceOptions,
  inPlace,
  local,
  replace,
  type SshHostOptions,
  ssh,
  type UnnamedFleet,
} from "./fleet.ts"
export { defineProject, isProject, type ProjectOptions } from "./project.ts"
export { type SecretOptions, secret } from "./secret.ts"
export { debian, type HealthOptions, type RunOptions, type SpecOptions, spec } from "./spec.ts"
export { tagged } from "./tagged.ts"
