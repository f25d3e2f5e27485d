export { checkReproducible } from "./bake/check.ts"
export { type Moved, updateLock } from "./bake/update.ts"
export { bake } from "./bake.ts"
export { pinSpec } from "./base.ts"
export { deleteVolumes, destroyEngines, destroyFleet, listForDestroy } from "./destroy.ts"
export { execute } from "./execute.ts"
export { factsOf } from "./facts/facts.ts"
export type { Forecast } from "./forecast.ts"
export type { PackageOutlook } from "./foresee/packages.ts"
export { collectImages, defaultImages, type ImageUse, listImages, type Pruning, planPrune, prune } from "./images.ts"
export { allowIrreversible, decideIrreversible, type Irreversible } from "./irreversible.ts"
export { type FleetRecord, loadBundle, readFleet, releaseOf } from "./ledger.ts"
export { isLimited, type LimitWant, limitFleets } from "./limit.ts"
export { emptyLock, lockName, parseLock, renderLock } from "./lock.ts"
export { fleetMachines } from "./machines.ts"
export type { ReleaseDifference } from "./plan/compare.ts"
export { type Planned, parsePlan, type SavedPlan } from "./plan/saved.ts"
export type { CausedChange, MachinePlan, ResourceDifference } from "./plan/types.ts"
export { openPlan, savePlan } from "./plan-file.ts"
export { type FleetPlan, planFleet, sightsOf } from "./plan-fleet.ts"
export { bundleSpec, completePlan, planSpec } from "./plan-spec.ts"
export { openRedactor, type Redactor, redactDeep } from "./redact.ts"
export { type Bundle, bundle } from "./release.ts"
export type { Word } from "./rollout/diary.ts"
export { applyLimited, type LimitedResult } from "./rollout/limited.ts"
export { abortRollout, type RolloutResult, recoverFleet, rollOut } from "./rollout/rollout.ts"
export { tell } from "./rollout/tell.ts"
export { type FleetStatus, type MemberStatus, statusOf } from "./status.ts"
export { describeStep } from "./transaction/failure.ts"
export { type Held, lookAtLease, unlock } from "./unlock.ts"
export {
  chooseVolumes,
  labelOf,
  listVolumes,
  rememberProtection,
  unprotectVolume,
  type VolumeStatus,
} from "./volumes.ts"
export type { ProgressEvent, Workbench } from "./workbench.ts"
