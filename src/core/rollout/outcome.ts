import { type ErrorCode, FireclayError, type Fleet, isFireclayError, type Json } from "../../contract/index.ts"
import type { LeasedBench } from "../lease.ts"
import { expectedRelease, type FleetRecord } from "../ledger.ts"
import type { Crew, Versions } from "./crew.ts"

/** Writes an event of one rollout. */
export type Log = (kind: string, body?: { readonly [key: string]: Json }) => Promise<void>

/** A rollout that has to tell how it ended. */
export interface Ending {
  readonly bench: LeasedBench
  readonly fleet: Fleet
  readonly record: FleetRecord
  readonly crew: Crew
  readonly to: number
  readonly log: Log
}

/** Takes back what the fleet says, writes down what came of it, and gives the error that says all this. */
export const leadBack = async (ending: Ending, error: unknown): Promise<FireclayError> => {
  const { bench, fleet, record, crew, to, log } = ending
  const because = becauseOf(bench, error)
  // Nothing failed where time is up.
  const isLate = isFireclayError(error) && error.code === "FC_PATCH_CLOSED"
  const scope = isLate ? "stop" : (fleet.by.onFailure ?? "undo-all")
  bench.progress({
    fleet: fleet.name,
    doing: isLate ? "no time is left; stopping" : scope === "stop" ? "failed; stopping" : "failed; undoing",
  })
  try {
    await crew.revert(scope)
  } catch (second) {
    await log("rollout.failed", { ...because, revert: messageOf(bench, second) })
    const message = `${because.message}; undoing failed too: ${messageOf(bench, second)}`
    return failure(fleet, "FC_ROLLOUT_FAILED", message, await versionsOf(crew), error)
  }
  const versions = await versionsOf(crew)
  if (scope === "undo-all" || isWhereItWas(record, versions)) {
    await log("rollout.reverted", { to: record.current ?? null, failed: to, ...because })
    return failure(
      fleet,
      "FC_ROLLOUT_REVERTED",
      `${because.message}; ${whatIsInForce(ending, versions)}`,
      versions,
      error,
    )
  }
  await log("rollout.stopped", { ...because, versions })
  const message = `${because.message}; stopped with ${count(versions, to)} at release ${to}`
  const remedy = `${isLate ? `go on in the next window: fireclay patch ${fleet.name}` : "mend it and apply again"}, or go back: fireclay rollback ${fleet.name}`
  return failure(fleet, "FC_ROLLOUT_PARTIAL", message, versions, error, remedy)
}

/** The error of a rollout that went on without the machines that failed. */
export const partial = ({ bench, fleet, to, crew }: Ending, versions: Versions): FireclayError | undefined => {
  const failures = [...crew.failures()]
  const [first] = failures
  if (first === undefined) return undefined
  const names = failures.map(([id]) => id)
  const message = `${names.join(", ")} failed and stayed behind; ${count(versions, to)} at release ${to}`
  const details = failures.map(([, error]) => messageOf(bench, error))
  const remedy = `mend what failed, then apply again: it goes on with ${names.length === 1 ? "that machine" : "those machines"}`
  return failure(fleet, "FC_ROLLOUT_PARTIAL", message, versions, first[1], remedy, details)
}

/** Why, as the log keeps it: without secrets. */
export const becauseOf = (
  bench: LeasedBench,
  error: unknown,
): { readonly code: ErrorCode | "unknown"; readonly message: string } => ({
  code: isFireclayError(error) ? error.code : "unknown",
  message: messageOf(bench, error),
})

/** The error that a person sees, with where each machine is. Some causes keep their own code. */
export const failure = (
  fleet: Fleet,
  code: ErrorCode,
  message: string,
  versions: Versions,
  cause: unknown,
  remedy?: string,
  details?: readonly string[],
): FireclayError => {
  const inner = isFireclayError(cause) ? cause : undefined
  const map = Object.entries(versions).map(
    ([member, release]) => `${member}: ${release === null ? "no release" : `release ${release}`}`,
  )
  return new FireclayError(inner !== undefined && ownOutcome.has(inner.code) ? inner.code : code, message, {
    at: inner?.at ?? `fleets.${fleet.name}`,
    remedy: remedy ?? inner?.remedy ?? `fireclay status ${fleet.name}`,
    details: [...(details ?? inner?.details ?? []), ...map],
    cause,
  })
}

const messageOf = (bench: LeasedBench, error: unknown): string =>
  bench.secrets.redact(error instanceof Error ? error.message : String(error))

/** Where only the number of instances was to change, that is what people want to know. */
const whatIsInForce = ({ record: { current }, fleet, to }: Ending, versions: Versions): string => {
  if (current === undefined) return "nothing of it stays"
  const there = Object.values(versions).filter((release) => release === current).length
  const size = fleet.by.delivery === "replace" && current === to ? `, with ${there} instances` : ""
  return `release ${current} is in force${size}`
}

const versionsOf = (crew: Crew): Promise<Versions> => crew.versions().catch(() => ({}))

const isWhereItWas = (record: FleetRecord, versions: Versions): boolean =>
  Object.entries(versions).every(([member, release]) => release === (expectedRelease(record, member) ?? null))

const count = (versions: Versions, release: number): string => {
  const all = Object.values(versions)
  return `${all.filter((version) => version === release).length} of ${all.length} machines`
}

/** Not a failure of what was rolled out: they keep their code. */
const ownOutcome: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["FC_CANCELLED", "FC_PLAN_STALE"])
