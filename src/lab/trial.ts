import type { Change, Trial, Use } from "../core/index.ts"
import { secondsToAllOnClass, secondsToClass } from "../probes/index.ts"
import type { EndedCommand, RunningCommand } from "./command-line.ts"
import type { Variant } from "./config.ts"
import type { Site } from "./site.ts"
import { newName, oldName, type TellApart } from "./tell-apart.ts"
import { requestsOf, type Span, timelineOf, type UnderLoad, underLoad } from "./under-load.ts"
import type { ComparisonWant } from "./want.ts"

/** Where trials happen. */
export interface TrialSite {
  readonly want: ComparisonWant
  readonly site: Site
  readonly apart: TellApart
  readonly round: number
}

/**
 * One round of one way, from the old version and back to it: only a package changed, only a file, then the update and the way
 * back. What a delivery leaves on a machine for its undo, the next one clears away. That of a package is large, so the file,
 * of which no use is told, comes between it and the update.
 */
export const runRound = async (at: TrialSite, tell: (doing: string) => void): Promise<readonly Trial[]> => {
  const { want, site } = at
  const trials: Trial[] = []
  for (const change of smallChanges(want)) {
    tell(`only a ${change}`)
    await site.forgetImages()
    await site.put(want.from, variantOf(at, change))
    trials.push(await trial(at, change))
    await site.rollBack()
  }
  if (want.only.includes("update")) {
    tell("the update")
    await site.forgetImages()
    await site.put(want.to)
    trials.push(await trial(at, "update"))
    tell("the way back")
    trials.push(await trial(at, "rollback"))
  }
  return trials
}

/** What a release consists of cannot be added to. */
export const smallChanges = ({ from, only }: ComparisonWant): readonly ("package" | "file")[] =>
  from.release === undefined && only.includes("small") ? ["package", "file"] : []

const variantOf = ({ want, round }: TrialSite, change: "file" | "package"): Variant =>
  change === "file" ? { kind: "file", text: `round ${round}` } : { kind: "package", name: want.package }

const trial = async (at: TrialSite, change: Change): Promise<Trial> => {
  const { want, site, apart, round } = at
  const built = site.isBaked && change !== "rollback" ? await measured(site, () => site.beginBuild()) : undefined
  const begin = change === "rollback" ? await site.wayBack() : () => site.beginDelivery()
  // A file or a package more changes no answer.
  const isSeen = change === "update" || change === "rollback"
  const seen = await underLoad(site.url, want, isSeen ? apart : { classify: () => oldName }, (span) =>
    measured(site, begin, span),
  )
  const { ended, use } = seen.result
  const arriving = change === "rollback" ? oldName : newName
  return {
    ...{ way: site.way.name, change, round, startedAt: seen.startedAt },
    seconds: {
      ...(built === undefined ? {} : { build: built.ended.seconds }),
      ...(isSeen && apart.by !== "rollout" ? answered(seen, arriving) : served(ended)),
      total: ended.seconds,
    },
    requests: requestsOf(seen, want, arriving),
    use: built === undefined ? use : sumOf(built.use, use),
    timeline: timelineOf(seen),
  }
}

interface Measured {
  readonly ended: EndedCommand
  readonly use: Use
}

/** A command from its beginning to its end, with what it took. */
const measured = async (site: Site, begin: () => RunningCommand, span?: Span): Promise<Measured> => {
  const meter = await site.meter()
  span?.begin()
  const command = begin()
  meter.follow(command.pid)
  const ended = await command.ended
  span?.end()
  const use = await meter.close()
  return { ended: site.refuseFailed(ended), use }
}

/** One after the other: what is held adds up to no more than the larger of both. */
const sumOf = (left: Use, right: Use): Use => ({
  fleet: {
    cpuSeconds: left.fleet.cpuSeconds + right.fleet.cpuSeconds,
    peakMemoryBytes: Math.max(left.fleet.peakMemoryBytes, right.fleet.peakMemoryBytes),
    diskWrittenBytes: left.fleet.diskWrittenBytes + right.fleet.diskWrittenBytes,
    diskKeptBytes: left.fleet.diskKeptBytes + right.fleet.diskKeptBytes,
    networkBytes: left.fleet.networkBytes + right.fleet.networkBytes,
    extraMachineSeconds: left.fleet.extraMachineSeconds + right.fleet.extraMachineSeconds,
  },
  controller: {
    cpuSeconds: left.controller.cpuSeconds + right.controller.cpuSeconds,
    peakMemoryBytes: Math.max(left.controller.peakMemoryBytes, right.controller.peakMemoryBytes),
  },
})

type Seen = UnderLoad<Measured>

const answered = ({ load, beganMs }: Seen, arriving: string): { readonly first?: number; readonly all: number } => {
  const first = secondsToClass(load, beganMs, arriving)
  // The last old answer may have come a moment before the first new one.
  const all = Math.max(first ?? 0, secondsToAllOnClass(load, beganMs, arriving))
  return { ...(first === undefined ? {} : { first }), all }
}

/** As the rollout itself says: when the last member took requests. */
const served = ({ progress, seconds }: EndedCommand): { readonly all: number } => {
  const last = progress.findLast(({ text }) => text.endsWith(": serving"))
  return { all: last === undefined ? seconds : last.atMs / 1000 }
}
