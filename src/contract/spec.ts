import type { DriftRules } from "./drift.ts"
import type { MachineFacts } from "./facts.ts"
import type { Resource } from "./resource.ts"
import type { SecretData, SecretReference } from "./secret.ts"

/** What a machine or an image starts from. */
export type Base = DebianBase | ImageBase | RootfsBase

/** A Debian release, made by mmdebstrap. */
export interface DebianBase {
  readonly distribution: "debian"
  readonly suite: string
  /** Packages of the base beyond what a bootable machine needs. */
  readonly include: readonly string[]
  /** Lines of sources.list(5), with `{suite}` and `{snapshot}` to be filled in. Absent: those of the computer that builds. */
  readonly sources?: readonly string[]
  readonly snapshot?: string
}

/** An image from a registry. */
export interface ImageBase {
  readonly image: string
  /** What the reference was resolved to; in a release always there. */
  readonly digest?: string
}

/** An archive of a root file system. */
export interface RootfsBase {
  /** Relative to the configuration. */
  readonly rootfs: string
  /** Lower-case hexadecimal; in a release always there. */
  readonly sha256?: string
}

/** A base in one word or two. */
export const describeBase = (base: Base): string =>
  "distribution" in base ? `${base.distribution} ${base.suite}` : "image" in base ? base.image : base.rootfs

/** The image of another spec. */
export interface SpecBase {
  readonly from: Spec
}

/** The program that a spec serves with. It becomes a systemd unit of its own. */
export interface Run {
  /** Program, by its whole path, and arguments; no shell takes part. */
  readonly command: readonly string[]
  /** Default: root. */
  readonly user?: string
  /** Secrets among them travel in a file that only root can read, not in the unit. */
  readonly environment?: { readonly [name: string]: string | SecretReference }
  /** Working directory. */
  readonly directory?: string
  /** Ids or paths of the resources whose change restarts it. Absent: all of the spec. */
  readonly restartOn?: readonly string[]
  /** Directories that it may write to besides its volumes. */
  readonly writable?: readonly string[]
}

/** Something that runs once in each rollout, to its end: a migration of data. */
export interface ReleaseTask extends Pick<Run, "command" | "user" | "environment" | "directory" | "writable"> {
  readonly timeoutMs: number
}

/** A source directory with a `Procfile`, which says what runs. Read when the configuration is. */
export interface Procfile {
  /** The directory, relative to the configuration. */
  readonly directory: string
  /** Where the directory is put on the machine. */
  readonly to: string
  /** Whether Fireclay puts it there. */
  readonly ship: boolean
  readonly user?: string
  readonly port?: number
  readonly environment?: Run["environment"]
}

/** How to tell that an instance serves. */
export interface Health {
  readonly path: string
  /** Statuses that count as healthy. */
  readonly status: readonly number[]
  readonly withinMs: number
  /** Good answers in a row that it takes. */
  readonly successes: number
  /**
   * Seconds without a good answer after which a member that was well counts as unhealthy, while it is watched. Absent: as
   * long as it may take to become healthy.
   */
  readonly failures?: number
}

/** Data that outlives instances. */
export interface Volume {
  readonly name: string
  readonly path: string
  /** Any number of instances may hold it at the same time. Absent: it is exclusive, to one. */
  readonly access?: "shared"
  /** It is kept until somebody says otherwise twice. No part of a release: the event log remembers it. */
  readonly protect?: true
}

/**
 * What an instance finds at its start, by path below `/run/fireclay`: a text in which `{{ name }}`, `{{ address }}` and what
 * else only the instance can know is filled in, or a secret.
 */
export type UserData = { readonly [path: string]: { readonly text: string } | { readonly secret: SecretData } }

/** The resources of one machine, by what it says of itself. Pure: it may be called several times, and before it is known whether the facts still hold. */
export type ResourcesOf = (machine: MachineFacts) => readonly Resource[]

/** What a server is. Frozen. */
export interface Spec {
  readonly name: string
  readonly base: Base | SpecBase
  readonly resources: readonly Resource[] | ResourcesOf
  readonly volumes: readonly Volume[]
  readonly userData?: UserData
  /** The main program: what serves on the port. */
  readonly run?: Run
  /** Further programs, each a unit of its own, by name. */
  readonly processes?: { readonly [name: string]: Run }
  /** Runs once in each rollout to another release, before anything of that takes requests. */
  readonly release?: ReleaseTask
  /** What it says becomes `run`, `processes` and `release` when it is read. */
  readonly procfile?: Procfile
  readonly port?: number
  readonly health?: Health
  readonly drift?: DriftRules
}
