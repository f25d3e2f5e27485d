import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { machineFacts } from "../builtin/meter.ts"
import {
  type Comparison,
  type Fault,
  type FaultTrial,
  faults,
  type HandChange,
  type ScalePoint,
  type Trial,
} from "../core/index.ts"
import { runFault } from "./faults.ts"
import { runHands } from "./hands.ts"
import { measureScale, scaleRounds } from "./scale.ts"
import { Site } from "./site.ts"
import { collectAnswers, type TellApart, tellApart } from "./tell-apart.ts"
import { runRound, smallChanges } from "./trial.ts"
import { type ComparisonWant, type Part, parts } from "./want.ts"

export interface Lab {
  readonly signal: AbortSignal
  /** What is being done, and how much of all is done. */
  readonly tell: (doing: string, done: number, of: number) => void
  readonly version: string
  readonly commit?: string | undefined
}

/**
 * Delivers an update each way, in alternating order, on machines made for it and removed afterwards, and answers what was
 * measured.
 *
 * @throws FireclayError FC_COMPARE, FC_CANCELLED; nothing is left behind, unless it says what and where
 */
export const runComparison = async (want: ComparisonWant, lab: Lab): Promise<Comparison> => {
  const root = await mkdtemp(join(tmpdir(), "fireclay-compare-"))
  const startedAt = new Date().toISOString()
  const progress = openProgress(want, lab)
  const sites: Site[] = []
  try {
    for (const [index, way] of want.ways.entries())
      sites.push(
        await Site.open(want, { way, size: want.size, directory: join(root, `way-${index}`), signal: lab.signal }),
      )
    const bench: Bench = { want, root, sites, progress, signal: lab.signal }
    const apart = await bringUp(bench)
    const trials = await runTrials(bench, apart)
    const wrong = await runFaults(bench, apart)
    const drift = await runDrift(bench)
    await closeAll(sites)
    const scale = await runScale(bench)
    return {
      ...{ schemaVersion: 1, version: lab.version, ...(lab.commit === undefined ? {} : { commit: lab.commit }) },
      ...{ project: want.project, spec: want.spec, from: want.from.label, to: want.to.label },
      ...{ size: want.size, ratePerSecond: want.ratePerSecond, slowMs: want.slowMs, runs: want.runs, path: want.path },
      ...{ toldBy: apart.by, startedAt, endedAt: new Date().toISOString(), machine: machineFacts() },
      ways: want.ways.map(({ name, delivery, strategy, engine }) => ({ name, delivery, strategy, engine })),
      ...(want.hasExclusiveVolume ? { hasExclusiveVolume: true } : {}),
      ...{ trials, faults: wrong.faults, scale, drift, skipped: [...wrong.skipped, ...skippedBy(want)] },
    }
  } finally {
    progress("removing what was made")
    await closeAll(sites)
    await rm(root, { recursive: true, force: true })
  }
}

interface Bench {
  readonly want: ComparisonWant
  readonly root: string
  readonly sites: readonly Site[]
  readonly progress: (doing: string) => void
  readonly signal: AbortSignal
}

/** How many things there are to do. */
export const stepsOf = (want: ComparisonWant): number => {
  const { ways, runs, sizes, only } = want
  const updates = only.includes("update") ? 2 : 0
  const wrong = only.includes("faults") ? faults.length : 0
  const each =
    2 +
    runs * (updates + smallChanges(want).length + wrong) +
    (only.includes("drift") ? 1 : 0) +
    sizes.length * scaleRounds(want)
  return ways.length * each + 1
}

const openProgress = (want: ComparisonWant, { tell }: Lab): ((doing: string) => void) => {
  const of = stepsOf(want)
  let done = 0
  return (doing) => {
    tell(doing, Math.min(done, of), of)
    done += 1
  }
}

/** The first update is not counted: it fills caches, and tells how both versions answer. */
const bringUp = async ({ want, sites, progress }: Bench): Promise<TellApart> => {
  const answers = { from: new Set<string>(), to: new Set<string>() }
  const collect = async (site: Site, into: Set<string>): Promise<void> => {
    await site.untilWell()
    for (const body of await collectAnswers(site.url)) into.add(body)
  }
  for (const site of sites) {
    progress(`${site.way.name}: bringing up ${want.from.label}`)
    await site.bringUp(want.from)
    await collect(site, answers.from)
  }
  for (const site of sites) {
    progress(`${site.way.name}: a first update, which is not counted`)
    await site.put(want.to)
    await site.deliver()
    await collect(site, answers.to)
    await site.rollBack()
  }
  return tellApart(want, { from: [...answers.from], to: [...answers.to] })
}

/** Each round in the reverse order of the one before: what grows warm or slow with time meets all ways alike. */
const inOrder = <T>(all: readonly T[], round: number): readonly T[] => (round % 2 === 1 ? all : all.toReversed())

const runTrials = async ({ want, sites, progress }: Bench, apart: TellApart): Promise<readonly Trial[]> => {
  const trials: Trial[] = []
  for (let round = 1; round <= want.runs; round += 1)
    for (const site of inOrder(sites, round))
      trials.push(
        ...(await runRound({ want, site, apart, round }, (doing) =>
          progress(`${site.way.name}: ${doing}, round ${round} of ${want.runs}`),
        )),
      )
  return trials
}

/** What cannot be put into a fleet is told; what it does is what is measured, so a fault that is not survived is a result. */
const runFaults = async (
  { want, sites, progress }: Bench,
  apart: TellApart,
): Promise<{ readonly faults: readonly FaultTrial[]; readonly skipped: Comparison["skipped"] }> => {
  const found: FaultTrial[] = []
  const skipped: { readonly what: string; readonly why: string }[] = []
  if (!want.only.includes("faults")) return { faults: [], skipped: [] }
  for (const fault of faults) {
    const why = whyNot(want, fault)
    if (why !== undefined) {
      skipped.push({ what: fault, why })
      continue
    }
    for (let round = 1; round <= want.runs; round += 1)
      for (const site of inOrder(sites, round)) {
        progress(`${site.way.name}: ${fault}, round ${round} of ${want.runs}`)
        const trial = await runFault({ want, site, apart, round }, fault)
        if (trial === undefined)
          skipped.push({ what: `${fault}, ${site.way.name}, round ${round}`, why: "the rollout was over before" })
        else found.push(trial)
      }
  }
  return { faults: found, skipped }
}

const whyNot = ({ to }: ComparisonWant, fault: Fault): string | undefined =>
  to.release !== undefined && (fault === "a step fails" || fault === "a bad version")
    ? `${to.label} is known only as it was released, and nothing can be put into it`
    : undefined

/** What is left out from the beginning. */
const skippedBy = ({ from, hasExclusiveVolume, only }: ComparisonWant): Comparison["skipped"] => {
  const notAsked = parts
    .filter((part) => !only.includes(part))
    .map((part) => ({ what: partNames[part], why: "nobody asked for it: --only" }))
  const inRelease = `${from.label} is known only as it was released, and nothing can be put into it`
  return [
    ...notAsked,
    ...(from.release !== undefined && only.includes("small") ? [{ what: partNames.small, why: inRelease }] : []),
    ...(hasExclusiveVolume && only.includes("scale")
      ? [{ what: partNames.scale, why: "the spec has a volume that one machine at a time may have" }]
      : []),
  ]
}

const partNames: { readonly [part in Part]: string } = {
  update: "the update and the way back",
  small: "only a file changed, only a package changed",
  faults: "what goes wrong",
  drift: "drift",
  scale: "scalability",
}

const runDrift = async ({ want, sites, progress }: Bench): Promise<readonly HandChange[]> => {
  const found: HandChange[] = []
  if (!want.only.includes("drift")) return found
  for (const site of sites) {
    progress(`${site.way.name}: changes by hand, and the next delivery`)
    found.push(...(await runHands(want, site)))
  }
  return found
}

const runScale = async ({ want, root, progress, signal }: Bench): Promise<readonly ScalePoint[]> => {
  const points: ScalePoint[] = []
  for (let round = 1; round <= scaleRounds(want); round += 1)
    for (const size of want.sizes)
      for (const way of inOrder(want.ways, round)) {
        progress(`${way.name}: ${size} machines, and then ${size * 2}, round ${round} of ${scaleRounds(want)}`)
        points.push(...(await measureScale(want, { root, way, size, round, signal })))
      }
  return points
}

/** One that cannot be removed keeps none of the others. */
const closeAll = async (sites: readonly Site[]): Promise<void> => {
  const ends = []
  for (const site of sites)
    ends.push(
      await site.close().then(
        () => undefined,
        (error: unknown) => ({ error }),
      ),
    )
  const [failed] = ends.filter((end) => end !== undefined)
  if (failed !== undefined) throw failed.error
}
