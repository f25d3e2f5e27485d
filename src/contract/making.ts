import type { Base } from "./spec.ts"

/** How an image came to be: what it was made from, and what each of its layers is the work of. Holds no secret. */
export interface Making {
  readonly fleet: string
  readonly spec: string
  /** Digest of the release. */
  readonly release: string
  readonly base: Base
  /** Digest of the base itself, which is the lowest layer. */
  readonly baseDigest: string
  /** How often the lock of the base had been moved. */
  readonly lock: number
  /** Resources by layer, those of the base not counted. */
  readonly layers: readonly (readonly MakingResource[])[]
  /** Versions of the packages that came, those included that came along. */
  readonly packages: { readonly [name: string]: string }
  /** Version of Fireclay; absent: not known. */
  readonly version?: string
}

export interface MakingResource {
  readonly type: string
  readonly id: string
  /** Where it is on the machine, if it is at one place. */
  readonly path?: string
  /** Of a package, its name. */
  readonly name?: string
  /** Of another spec, which this one is based on. */
  readonly spec?: string
  /** Digests of the content that went in. */
  readonly sources: readonly string[]
}

/** A making that is known, with when it was and where that stands. */
export interface KnownMaking extends Making {
  /** ISO 8601. */
  readonly startedAt?: string
  /** ISO 8601. */
  readonly finishedAt: string
  /** Hash of its entry in the event log. */
  readonly entry: string
}
