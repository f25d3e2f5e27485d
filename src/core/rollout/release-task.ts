import { FireclayError, type Machine } from "../../contract/index.ts"
import { type LeasedBench, refuseStopped } from "../lease.ts"
import type { FleetRecord } from "../ledger.ts"
import { quote } from "../quote.ts"
import type { Target } from "./crew.ts"
import { lastWords } from "./gate.ts"
import type { Log } from "./outcome.ts"

/** Resolves once the task has run, on whichever machine came first. */
export type ReleaseTask = (machine: Machine) => Promise<void>

const finished = "rollout.task-finished"

/**
 * What runs once in a rollout to another release, on the first machine that has it and before any of them is taken for
 * well. One that succeeded is not run again by the next controller of the same rollout.
 *
 * @param rollout id of the rollout
 * @throws FireclayError FC_RELEASE_TASK with its last words, from the answer, for every machine
 */
export const releaseTask = async (
  bench: LeasedBench,
  record: FleetRecord,
  { release, bundle }: Pick<Target, "release" | "bundle">,
  rollout: string,
  log: Log,
): Promise<ReleaseTask> => {
  const { task } = bundle.manifest
  if (task === undefined) return async () => undefined
  const done = await bench.store.events({ fleet: record.fleet, kind: finished })
  // A release that came into force with no instance to run it on still owes it to the first one.
  if (record.current === release.number && done.some(({ body }) => body.to === release.number))
    return async () => undefined
  let running = done.some(({ body }) => body.rollout === rollout) ? Promise.resolve() : undefined
  const perform = async (machine: Machine): Promise<void> => {
    bench.progress({ fleet: record.fleet, member: machine.name, doing: "running the release task" })
    await runTask(bench, machine, task)
    await log(finished, { on: machine.name })
    bench.progress({ fleet: record.fleet, member: machine.name, doing: "the release task is done" })
  }
  return (machine) => {
    running ??= perform(machine)
    return running
  }
}

/** A unit of its own, so that it runs as the programs do, and ends also when the connection does. */
const runTask = async (
  bench: LeasedBench,
  machine: Machine,
  { unit, timeoutMs }: { readonly unit: string; readonly timeoutMs: number },
): Promise<void> => {
  const { exitCode } = await machine.sh(`systemctl start ${quote(unit)}`, {
    timeoutMs: timeoutMs + marginMs,
    ...(bench.signal === undefined ? {} : { signal: bench.signal }),
  })
  if (exitCode === 0) return
  refuseStopped(bench.signal, machine.name)
  throw new FireclayError("FC_RELEASE_TASK", `the release task failed on ${machine.name}`, {
    at: machine.name,
    remedy: "its last lines are above",
    details: await lastWords(machine, unit),
  })
}

/** systemd's own limit comes first. */
const marginMs = 30_000
