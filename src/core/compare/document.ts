import type { Delivery } from "../../contract/index.ts"

/** One way to deliver, as it was compared. Two ways may be alike: then what differs between them is chance. */
export interface Way {
  /** `in place, rolling`: unique in a comparison. */
  readonly name: string
  readonly delivery: Delivery
  readonly strategy: string
  readonly engine: "local" | "docker"
}

/**
 * What is delivered: the update itself and the way back, and the smallest changes that there are: one file, one package.
 */
export const changes = ["update", "rollback", "file", "package"] as const
export type Change = (typeof changes)[number]

/** One change, delivered one way, once, under load. */
export interface Trial {
  readonly way: string
  readonly change: Change
  /** From 1. */
  readonly round: number
  readonly startedAt: string
  readonly seconds: DeploymentSeconds
  readonly requests: Requests
  readonly use: Use
  /** What answered, in slices of `sliceMs`, from when the load began; the change began at `beganMs`, and ended at `endedMs`. */
  readonly timeline: Timeline
}

/** Seconds since the rollout began, unless said otherwise. */
export interface DeploymentSeconds {
  /** By replacement: how long the image took to bake, before the rollout began. */
  readonly build?: number
  /** First answer of the new version. Absent: versions could not be told apart by their answers. */
  readonly first?: number
  /** All answers from the new version. Where versions cannot be told apart: the last member took requests again. */
  readonly all: number
  /** The rollout was over, what it no longer needs removed. */
  readonly total: number
}

/** What whoever sent requests saw from the beginning of the rollout to its end. */
export interface Requests {
  readonly sent: number
  readonly failed: number
  /** Answered, but later than `slowMs` of the comparison. */
  readonly slow: number
  /** `status 503`, `ECONNRESET` … */
  readonly reasons: { readonly [reason: string]: number }
  readonly longestGapMs: number
  readonly mixedSeconds: number
  /** Before the rollout, during it, and after it. */
  readonly latencyMs: { readonly [phase in "before" | "during" | "after"]: Percentiles }
  /** The most that the generator itself was late with a request. */
  readonly lateMs: number
}

/** Milliseconds from when a request was due. */
export interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

/** What a change took, beyond nothing: from its beginning to its end. */
export interface Use {
  readonly fleet: {
    readonly cpuSeconds: number
    /** The most that all machines held at the same time. */
    readonly peakMemoryBytes: number
    readonly diskWrittenBytes: number
    /** On disk afterwards more than before: images, layers, journals. */
    readonly diskKeptBytes: number
    readonly networkBytes: number
    /** Machines beyond the steady need, times how long they ran. */
    readonly extraMachineSeconds: number
  }
  /** The process that delivers, and its children; the build is part of it. */
  readonly controller: { readonly cpuSeconds: number; readonly peakMemoryBytes: number }
}

export interface Timeline {
  readonly sliceMs: number
  readonly beganMs: number
  readonly endedMs: number
  /** Names of what answered, `failed` among them; each with a count per slice. */
  readonly series: { readonly [name: string]: readonly number[] }
}

export const faults = ["a step fails", "a machine is killed", "the controller is killed", "a bad version"] as const
export type Fault = (typeof faults)[number]

/** A rollout into which something was put that goes wrong. */
export interface FaultTrial {
  readonly way: string
  readonly fault: Fault
  readonly round: number
  /** From when it went wrong until all that serves is of one release and well. */
  readonly safeAfterSeconds: number
  readonly sent: number
  readonly failed: number
  readonly longestGapMs: number
  /** What was found afterwards: `all of it at the old release`, `all of it at the new release` … */
  readonly state: string
  /** Whether every member was of one release, and well. */
  readonly sound: boolean
  /** What somebody had to do: `nothing`, `fireclay apply`, also `of the old version`, `fireclay rollback`. */
  readonly needed: string
}

/** What became of one change by hand. */
export interface HandChange {
  readonly way: string
  readonly what: string
  /** `refused`: it could not be made. `gone`, `left`: after the next delivery. */
  readonly outcome: "refused" | "gone" | "left"
}

/** The update, or the step to twice as many machines, at one size. */
export interface ScalePoint {
  readonly way: string
  readonly what: "update" | "grow"
  /** Machines; of `grow`, before it. */
  readonly size: number
  readonly round: number
  readonly seconds: number
}

/** What was compared, where, how, and all that was measured. Nothing in it is judged yet. */
export interface Comparison {
  readonly schemaVersion: 1
  /** Of Fireclay. */
  readonly version: string
  /** Of the project's directory, where that is a repository; `-dirty` when there is more than was committed. */
  readonly commit?: string
  readonly project: string
  readonly spec: string
  readonly from: string
  readonly to: string
  readonly size: number
  readonly ratePerSecond: number
  readonly slowMs: number
  readonly runs: number
  /** The spec keeps data on a volume that one machine at a time may hold. */
  readonly hasExclusiveVolume?: true
  readonly path: string
  /** How it was told what answered. */
  readonly toldBy: "body" | "pattern" | "rollout"
  readonly startedAt: string
  readonly endedAt: string
  readonly machine: {
    readonly cpus: number
    readonly model: string
    readonly memoryBytes: number
    readonly system: string
    readonly kernel: string
    readonly node: string
  }
  readonly ways: readonly Way[]
  readonly trials: readonly Trial[]
  readonly faults: readonly FaultTrial[]
  readonly scale: readonly ScalePoint[]
  readonly drift: readonly HandChange[]
  /** What was not measured, and why. */
  readonly skipped: readonly { readonly what: string; readonly why: string }[]
}
