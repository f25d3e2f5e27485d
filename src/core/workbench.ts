import type {
  Base,
  Check,
  Engine,
  Fleet,
  LeaseHolder,
  LockFile,
  Machine,
  Probe,
  Project,
  Router,
  Secrets,
  SshHost,
  Store,
  Strategy,
  Verify,
} from "../contract/index.ts"
import type { ResourceTypes } from "./plan/types.ts"

/** Something that a person who waits would like to see. */
export interface ProgressEvent {
  readonly fleet: string
  /** A machine, an instance, or `undefined` for the fleet as a whole. */
  readonly member?: string
  /** `installing`, `healthy`, `draining` …: short, present. */
  readonly doing: string
  readonly step?: number
  readonly steps?: number
  /** Nothing more will come from this member for now. */
  readonly done?: boolean
}

/** Everything that core needs from outside, as arguments. */
export interface Workbench {
  readonly project: Project
  /** What the sources of the configuration are relative to. */
  readonly directory: string
  readonly store: Store
  readonly types: ResourceTypes
  readonly strategies: ReadonlyMap<string, Strategy>
  /** What makes the machines of a fleet; without one, what bakes. */
  readonly engine: (fleet?: Pick<Fleet, "on">) => Engine
  /** What a base means now, by digest; the same answer for the whole run. */
  readonly pin: (base: Base) => Promise<Base>
  /** That an image may be started: it was signed, and is what was signed. Throws where it is not so. */
  readonly trust: (image: string, verify: Verify) => Promise<void>
  readonly sshMachine: (host: SshHost) => Machine
  readonly router: (fleet: Fleet) => Router | undefined
  readonly probe: Probe
  readonly check: Check
  readonly secrets: Secrets
  readonly lock: LockFile
  /** Whether machines in place remember what they were when they were last changed, so that drift can be told. */
  readonly baselines?: boolean
  /** Which Fireclay this is. Absent: nobody knows. */
  readonly version?: () => string
  readonly holder: () => LeaseHolder
  readonly isDead: (holder: LeaseHolder) => boolean
  readonly progress: (event: ProgressEvent) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Lets time pass; an aborted signal ends it early, without an error. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly signal?: AbortSignal
}
