export { parseAnchor } from "./audit/anchor.ts"
export { type Audited, auditLog, auditStore, type CheckedLog } from "./audit/audit.ts"
export type { DriftLife } from "./audit/drift-life.ts"
export { exportLog } from "./audit/export.ts"
export { type Happening, namesIn, readHistory } from "./audit/history.ts"
export type { AuditedKey, Inventory } from "./audit/inventory.ts"
export { type AuditReport, auditReport, type FleetAudit, type MachineAudit } from "./audit/report.ts"
export { checkReproducible } from "./bake/check.ts"
export { type Moved, updateLock } from "./bake/update.ts"
export { bake } from "./bake.ts"
export { pinSpec } from "./base.ts"
export {
  type Change,
  type Comparison,
  type Fault,
  type FaultTrial,
  faults,
  type HandChange,
  type Requests,
  type ScalePoint,
  type Timeline,
  type Trial,
  type Use,
  type Way,
} from "./compare/document.ts"
export { handsOn } from "./compare/hands.ts"
export { judge } from "./compare/judge.ts"
export type { FleetLife } from "./compare/lives/life.ts"
export type { LifeFigure, LifeMeasure, LifePair } from "./compare/lives/measures.ts"
export { type ComparedLives, readLives } from "./compare/lives.ts"
export { deleteVolumes, destroyEngines, destroyFleet, listForDestroy } from "./destroy.ts"
export type { AdoptedCall, Adoption, Construct, OptionValue } from "./drift/adopt/adoption.ts"
export { chooseAdoption, recordAdoption, refuseAdopting } from "./drift/adopt/look.ts"
export { type Answered, answerDrift } from "./drift/answer.ts"
export type { Unlike, UnlikeGroup } from "./drift/compare/compare.ts"
export { compareMachines, type FleetComparison } from "./drift/compare/machines.ts"
export { type FleetDrift, findDrift, hasDrifted, type MachineDrift } from "./drift/drift.ts"
export { type Fixed, type FixWant, type FleetFix, fixDrift, type MachineFix, planFix } from "./drift/fix/fix.ts"
export type { Finding } from "./drift/judge.ts"
export type { DriftNews } from "./drift/news.ts"
export { type Evidence, type Replaced, refuseReplacing, replaceable, replaceDrifted } from "./drift/replace.ts"
export { watchDrift } from "./drift/watch.ts"
export { execute } from "./execute.ts"
export { factsOf } from "./facts/facts.ts"
export type { Forecast } from "./forecast.ts"
export type { PackageOutlook } from "./foresee/packages.ts"
export { collectImages, type ImageUse, keptReleases, listImages, type Pruning, planPrune, prune } from "./images.ts"
export { allowIrreversible, decideIrreversible, type Irreversible } from "./irreversible.ts"
export { createRelease, type FleetRecord, loadBundle, readFleet, releaseOf } from "./ledger.ts"
export { isLimited, type LimitWant, limitFleets } from "./limit.ts"
export { emptyLock, lockName, parseLock, renderLock } from "./lock.ts"
export { fleetMachines } from "./machines.ts"
export { knownMaking } from "./making.ts"
export {
  type ChosenPatch,
  choiceOf,
  type FleetPatch,
  findPatches,
  isOutstanding,
  type MachinePatch,
} from "./patch/list.ts"
export { type PatchResult, type PlannedPatch, planPatch, rollOutPatch } from "./patch/patch.ts"
export type { FleetUpdate, HeldBack } from "./patch/policy.ts"
export type { PatchedMachine } from "./patch/report.ts"
export { refuseClosed } from "./patch/time.ts"
export type { ReleaseDifference } from "./plan/compare.ts"
export { type Planned, parsePlan, type SavedPlan } from "./plan/saved.ts"
export type { CausedChange, MachinePlan, ResourceDifference } from "./plan/types.ts"
export { openPlan, savePlan } from "./plan-file.ts"
export { type FleetPlan, planFleet, sightsOf } from "./plan-fleet.ts"
export { bundleSpec, completePlan, planSpec } from "./plan-spec.ts"
export { openRedactor, type Redactor, redactDeep } from "./redact.ts"
export { type Bundle, bundle, type Manifest } from "./release.ts"
export type { Word } from "./rollout/diary.ts"
export { applyLimited, type LimitedResult } from "./rollout/limited.ts"
export { abortRollout, type RolloutResult, recoverFleet, rollOut } from "./rollout/rollout.ts"
export { tell } from "./rollout/tell.ts"
export { planScale } from "./scale.ts"
export { type FleetStatus, type MemberStatus, statusOf } from "./status.ts"
export { describeStep } from "./transaction/failure.ts"
export type { Explained } from "./tree/explain.ts"
export { type Held, lookAtLease, unlock } from "./unlock.ts"
export { findImage, type VerifyWith, verify } from "./verify.ts"
export {
  chooseVolumes,
  labelOf,
  listVolumes,
  rememberProtection,
  unprotectVolume,
  type VolumeStatus,
} from "./volumes.ts"
export type { ProgressEvent, Workbench } from "./workbench.ts"
