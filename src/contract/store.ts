import type { Json } from "./resource.ts"

/** Something that happened. */
export interface NewEvent {
  /** What it is about: a fleet's name. */
  readonly fleet: string
  /** `release.created`, `rollout.started` … */
  readonly kind: string
  readonly body: { readonly [key: string]: Json }
}

export interface StoredEvent extends NewEvent {
  /** 1, 2, 3 … without gaps. */
  readonly number: number
  /** ISO 8601, UTC. */
  readonly at: string
  readonly who: string
  /** sha256 over this event and the hash before it. */
  readonly hash: string
}

/** Where a log is not what was appended. */
export interface LogFault {
  /** Number of the first event that is concerned. */
  readonly number: number
  /**
   * `changed`: its content, or where it stands. `missing`: it was taken out. `cut-off`: it and all after it are gone.
   * `added`: it was not appended by Fireclay.
   */
  readonly how: "changed" | "missing" | "cut-off" | "added"
}

export interface LeaseHolder {
  readonly who: string
  readonly host: string
  readonly pid: number
  /** When that process began, in its system's own words: another one that got its number later began at another time. */
  readonly began?: string
  /** `apply web, release 4`. */
  readonly doing?: string
  /** ISO 8601. */
  readonly since: string
  readonly expires: string
}

/** The right to change a fleet. Each new lease on a fleet has a higher token than any before it. */
export interface Lease {
  readonly fleet: string
  readonly token: number
}

export type LeaseAnswer = { readonly lease: Lease } | { readonly heldBy: LeaseHolder }

/** Fences off a controller that was taken for dead and wakes: machines refuse a token below the highest they have seen. */
export interface Epoch extends Lease {
  /** Identity of the store that gave the token; tokens of different stores say nothing about each other. */
  readonly store: string
}

/** The truth about a project: an event log, each row with the hash of the row before it. */
export interface Store {
  /** Made at random with the store, and never changed. Letters and digits. */
  readonly identity: () => Promise<string>
  /**
   * Adds to the log, all or nothing.
   *
   * @param under only while this lease is held
   * @throws FireclayError FC_LEASE_LOST
   */
  readonly append: (events: readonly NewEvent[], under?: Lease) => Promise<readonly StoredEvent[]>
  readonly events: (filter?: { readonly fleet?: string; readonly kind?: string }) => Promise<readonly StoredEvent[]>
  /** The first place where the hashes do not fit; `undefined`: the log is whole. */
  readonly verify: () => Promise<LogFault | undefined>
  /**
   * Takes the lease if it is free, expired, or its holder is known to be dead.
   *
   * @param above the new token is higher than this too
   */
  readonly acquire: (
    fleet: string,
    holder: LeaseHolder,
    isDead: (holder: LeaseHolder) => boolean,
    above?: number,
  ) => Promise<LeaseAnswer>
  /** Who holds it or held it last; `undefined`: it was given back, or never taken. */
  readonly holder: (fleet: string) => Promise<LeaseHolder | undefined>
  /** Prolongs; false when the lease has passed to another. */
  readonly renew: (lease: Lease, expires: string) => Promise<boolean>
  readonly release: (lease: Lease) => Promise<void>
  readonly putBlob: (bytes: Uint8Array) => Promise<string>
  readonly blob: (sha256: string) => Promise<Uint8Array | undefined>
  readonly close: () => Promise<void>
}
