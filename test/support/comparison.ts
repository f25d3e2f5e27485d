import {
  type Change,
  type Comparison,
  changes,
  type Fault,
  type FaultTrial,
  faults,
  type HandChange,
  type Percentiles,
  type Requests,
  type ScalePoint,
  type Timeline,
  type Trial,
  type Use,
  type Way,
} from "../../src/core/compare/document.ts"
import { type Draw, drawFrom } from "./draw.ts"

/** What a way is like, before chance. */
export interface Profile {
  readonly way: Way
  readonly buildSeconds?: { readonly [change in Change]: number }
  readonly allSeconds: { readonly [change in Change]: number }
  readonly failed: number
  readonly slow: number
  readonly p50Ms: number
  readonly use: Use
  readonly faults: { readonly [fault in Fault]: FaultProfile }
  readonly scaleSeconds: { readonly [what in ScalePoint["what"]]: (machines: number) => number }
  readonly drift: { readonly [what: string]: HandChange["outcome"] }
}

type FaultProfile = Pick<FaultTrial, "safeAfterSeconds" | "failed" | "state" | "sound" | "needed">

export interface ExampleWant {
  readonly seed?: number
  readonly runs?: number
  /** Standard deviation of the logarithm: 0.1 is about 10 %. */
  readonly noise?: number
  readonly profiles?: readonly Profile[]
}

/** A comparison as it may have been measured: the same for the same wish. */
export const exampleComparison = (want: ExampleWant = {}): Comparison => {
  const { seed = 1, runs = 5, noise = 0.08, profiles = [inPlace, byReplacement] } = want
  const draw = drawFrom(seed)
  const rounds = Array.from({ length: runs }, (_, index) => index + 1)
  const perRound = <T>(make: (profile: Profile, round: number) => readonly T[]): readonly T[] =>
    rounds.flatMap((round) => profiles.flatMap((profile) => make(profile, round)))
  return {
    ...about,
    runs,
    ways: profiles.map(({ way }) => way),
    trials: perRound((profile, round) => changes.map((change) => trialOf(profile, change, round, { draw, noise }))),
    faults: perRound((profile, round) => faults.map((fault) => faultOf(profile, fault, round, { draw, noise }))),
    scale: perRound((profile, round) => scaleOf(profile, round, { draw, noise })),
    drift: profiles.flatMap(({ way, drift }) =>
      Object.entries(drift).map(([what, outcome]) => ({ way: way.name, what, outcome })),
    ),
  }
}

const about = {
  schemaVersion: 1,
  version: "0.1.0",
  commit: "f7e74f8",
  project: "guestbook",
  spec: "web",
  from: "release 1",
  to: "release 2",
  size: 3,
  ratePerSecond: 300,
  slowMs: 250,
  path: "/",
  toldBy: "body",
  startedAt: "2026-01-01T10:00:00.000Z",
  endedAt: "2026-01-01T10:25:00.000Z",
  machine: {
    cpus: 2,
    model: "Example CPU at 2.5 GHz",
    memoryBytes: 8_589_934_592,
    system: "Debian GNU/Linux 12 (bookworm)",
    kernel: "6.1.0",
    node: "24.21.0",
  },
  skipped: [{ what: "Scalability beyond 8 machines", why: "The memory of this computer is used up." }],
} as const satisfies Partial<Comparison>

const megabyte = 1_000_000

export const inPlace: Profile = {
  way: { name: "in place, rolling", delivery: "in-place", strategy: "rolling", engine: "local" },
  allSeconds: { update: 4.2, rollback: 3.9, file: 1.4, package: 5.1 },
  failed: 0,
  slow: 12,
  p50Ms: 3.1,
  use: {
    fleet: {
      cpuSeconds: 2.6,
      peakMemoryBytes: 210 * megabyte,
      diskWrittenBytes: 24 * megabyte,
      diskKeptBytes: 9 * megabyte,
      networkBytes: 3 * megabyte,
      extraMachineSeconds: 0,
    },
    controller: { cpuSeconds: 1.9, peakMemoryBytes: 140 * megabyte },
  },
  faults: {
    "a step fails": fault(1.2, 0, "all of it at the old release"),
    "a machine is killed": fault(9.5, 41, "all of it at the old release"),
    "the controller is killed": fault(31, 0, "all of it at the old release", "fireclay apply"),
    "a bad version": fault(6.4, 320, "all of it at the old release", "fireclay rollback"),
  },
  scaleSeconds: { update: (machines) => 0.8 + 1.15 * machines, grow: (machines) => 3 + 1.4 * machines },
  drift: {
    "a file of the spec was edited": "gone",
    "a package was installed": "left",
    "a user was added": "left",
    "a service was stopped": "gone",
    "a file was put into /etc": "left",
  },
}

export const byReplacement: Profile = {
  way: { name: "by replacement, blue-green", delivery: "replace", strategy: "blue-green", engine: "local" },
  buildSeconds: { update: 11, rollback: 0, file: 4.5, package: 14 },
  allSeconds: { update: 3.1, rollback: 0.4, file: 3.2, package: 3.4 },
  failed: 0,
  slow: 3,
  p50Ms: 3.1,
  use: {
    fleet: {
      cpuSeconds: 5.9,
      peakMemoryBytes: 420 * megabyte,
      diskWrittenBytes: 160 * megabyte,
      diskKeptBytes: 62 * megabyte,
      networkBytes: 3 * megabyte,
      extraMachineSeconds: 10.2,
    },
    controller: { cpuSeconds: 6.3, peakMemoryBytes: 260 * megabyte },
  },
  faults: {
    "a step fails": fault(0.4, 0, "all of it at the old release"),
    "a machine is killed": fault(3.3, 18, "all of it at the new release"),
    "the controller is killed": fault(12, 0, "all of it at the new release", "fireclay apply"),
    "a bad version": fault(2.1, 140, "all of it at the old release", "fireclay rollback"),
  },
  scaleSeconds: { update: (machines) => 2.4 + 0.35 * machines, grow: (machines) => 2.2 + 0.4 * machines },
  drift: {
    "a file of the spec was edited": "refused",
    "a package was installed": "refused",
    "a user was added": "refused",
    "a service was stopped": "gone",
    "a file was put into /etc": "refused",
  },
}

function fault(safeAfterSeconds: number, failed: number, state: string, needed = "nothing"): FaultProfile {
  return { safeAfterSeconds, failed, state, sound: true, needed }
}

interface Chance {
  readonly draw: Draw
  readonly noise: number
}

const trialOf = (profile: Profile, change: Change, round: number, { draw, noise }: Chance): Trial => {
  const near = (middle: number): number => draw.near(middle, noise)
  const all = near(profile.allSeconds[change])
  const build = profile.buildSeconds?.[change]
  const seconds = { first: all * (0.3 + 0.1 * draw.uniform()), all, total: all + near(0.6) }
  return {
    way: profile.way.name,
    change,
    round,
    startedAt: new Date(Date.parse(about.startedAt) + round * 60_000).toISOString(),
    seconds: build === undefined ? seconds : { build: near(build), ...seconds },
    requests: requestsOf(profile, seconds, { draw, noise }),
    use: useOf(profile.use, near),
    timeline: timelineOf(profile, seconds, draw),
  }
}

const requestsOf = (
  { failed, slow, p50Ms }: Profile,
  { first, all, total }: { readonly first: number; readonly all: number; readonly total: number },
  { draw, noise }: Chance,
): Requests => {
  const near = (middle: number): number => draw.near(middle, noise)
  const lost = Math.round(near(failed))
  const percentiles = (stretch: number): Percentiles => {
    const p50 = near(p50Ms)
    return { p50, p99: p50 + near(9 * stretch), p999: p50 + near(21 * stretch) }
  }
  return {
    sent: Math.round(total * about.ratePerSecond),
    failed: lost,
    slow: Math.round(near(slow)),
    reasons: lost === 0 ? {} : { "status 503": lost },
    longestGapMs: near(14),
    mixedSeconds: all - first,
    latencyMs: { before: percentiles(1), during: percentiles(4), after: percentiles(1) },
    lateMs: near(2),
  }
}

const useOf = ({ fleet, controller }: Use, near: (middle: number) => number): Use => ({
  fleet: {
    cpuSeconds: near(fleet.cpuSeconds),
    peakMemoryBytes: Math.round(near(fleet.peakMemoryBytes)),
    diskWrittenBytes: Math.round(near(fleet.diskWrittenBytes)),
    diskKeptBytes: Math.round(near(fleet.diskKeptBytes)),
    networkBytes: Math.round(near(fleet.networkBytes)),
    extraMachineSeconds: near(fleet.extraMachineSeconds),
  },
  controller: {
    cpuSeconds: near(controller.cpuSeconds),
    peakMemoryBytes: Math.round(near(controller.peakMemoryBytes)),
  },
})

const timelineOf = (
  { failed }: Profile,
  { first, all, total }: { readonly first: number; readonly all: number; readonly total: number },
  draw: Draw,
): Timeline => {
  const sliceMs = 100
  const beganMs = 3_000
  const perSlice = (about.ratePerSecond * sliceMs) / 1_000
  const slices = Math.ceil((beganMs + total * 1_000 + 3_000) / sliceMs)
  const counts = Array.from({ length: slices }, (_, index) => {
    const seconds = (index * sliceMs - beganMs) / 1_000
    const share = Math.min(1, Math.max(0, (seconds - first) / (all - first)))
    const lost = seconds >= first && seconds < all ? (failed * sliceMs) / 1_000 / (all - first) : 0
    const isLost = Math.max(0, Math.min(perSlice, Math.round(lost + 0.4 * (draw.uniform() - 0.5))))
    const fresh = Math.round((perSlice - isLost) * share)
    return { old: perSlice - isLost - fresh, fresh, isLost }
  })
  return {
    sliceMs,
    beganMs,
    endedMs: beganMs + Math.round(total * 1_000),
    series: {
      [about.from]: counts.map(({ old }) => old),
      [about.to]: counts.map(({ fresh }) => fresh),
      failed: counts.map(({ isLost }) => isLost),
    },
  }
}

const faultOf = (profile: Profile, name: Fault, round: number, { draw, noise }: Chance): FaultTrial => {
  const like = profile.faults[name]
  const safeAfterSeconds = draw.near(like.safeAfterSeconds, noise)
  return {
    ...like,
    way: profile.way.name,
    fault: name,
    round,
    safeAfterSeconds,
    sent: Math.round((safeAfterSeconds + 2) * about.ratePerSecond),
    failed: Math.round(draw.near(like.failed, noise)),
    longestGapMs: draw.near(like.failed === 0 ? 14 : 400, noise),
  }
}

const scaleOf = (profile: Profile, round: number, { draw, noise }: Chance): readonly ScalePoint[] =>
  (["update", "grow"] as const).flatMap((what) =>
    (what === "update" ? [1, 2, 4, 8] : [1, 2, 4]).map((size) => ({
      way: profile.way.name,
      what,
      size,
      round,
      seconds: draw.near(profile.scaleSeconds[what](size), noise),
    })),
  )
