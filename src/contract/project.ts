import type { OnDrift } from "./drift.ts"
import type { Limits } from "./engine.ts"
import type { PatchPolicy } from "./patch.ts"
import type { Spec } from "./spec.ts"
import type { HostSource, SshCommon, SshHost } from "./ssh.ts"
import type { StrategyWant } from "./strategy.ts"

export type Delivery = "in-place" | "replace"

/** Where the machines of a fleet come from. */
export type Hosts =
  /** What the local engine makes: machines that it keeps (in place), or instances of an image (by replacement). */
  | { readonly kind: "local"; readonly makes: "machines"; readonly count: number }
  | { readonly kind: "local"; readonly makes: "instances"; readonly count: number; readonly boot?: Boot }
  /** Containers, each an instance of an image. */
  | ({ readonly kind: "docker"; readonly makes: "instances"; readonly count: number } & DockerPlace)
  /** Servers that exist. With a source, `hosts` is empty until they are looked up, before core sees the fleet. */
  | {
      readonly kind: "ssh"
      readonly hosts: readonly SshHost[]
      readonly source?: { readonly from: HostSource; readonly common: SshCommon }
    }

/** What an instance starts with: systemd, which starts all that is enabled, or the one program of `run`. */
export type Boot = "systemd" | "process"

/** Where containers run, and what each may use. */
export interface DockerPlace extends Limits {
  /** One of the user's contexts. Absent: as `docker` chooses. */
  readonly context?: string
  readonly labels?: { readonly [name: string]: string }
  /** A network that exists. Absent: one of the project's own. */
  readonly network?: string
}

/** What a rollout takes back when it cannot go on. */
export type OnFailure =
  /** Everything that it changed. */
  | "undo-all"
  /** The batch in which it failed; what was well before that stays. */
  | "undo-batch"
  /** Nothing but the machine that failed. */
  | "stop"

/** Whose signature an image needs. */
export interface Verify {
  /** Path of a public key in PEM, relative to the configuration. */
  readonly key: string
}

export interface By {
  readonly delivery: Delivery
  readonly strategy: StrategyWant
  /** How long a machine that leaves may finish what it serves. */
  readonly drainMs: number
  /** The same for web sockets; absent: as long. */
  readonly drainWebSocketsMs?: number
  /** In so long at least one move of a rollout has to come to an end. Absent: ten minutes. */
  readonly progressMs?: number
  /** How long a rollout looks at the fleet once all of it serves the new release, before it counts. */
  readonly watchMs?: number
  /** How long it takes to give requests back to the old release, where most went to the new one. */
  readonly rampMs?: number
  /** In place: how long a changed machine waits for the controller before it undoes by itself. */
  readonly confirmMs: number
  /** In place: what becomes of steps that could not be undone. */
  readonly irreversible: IrreversiblePolicy
  /** In place: how long a changed machine that takes requests again is watched before the next batch. */
  readonly settleMs?: number
  readonly onFailure?: OnFailure
  /** By replacement: nothing is started from an image without this signature. */
  readonly verify?: Verify
  /** By replacement: how many releases that were in force keep their images. Absent: ten. */
  readonly history?: number
  /** In place: how many machines may fail, or which share of the fleet, before the rollout does. */
  readonly maxFailures?: number | string
}

/** `refuse`: never. `ask`: at a terminal, or with `--allow-irreversible`. `allow`: they are shown, and done. */
export type IrreversiblePolicy = "refuse" | "ask" | "allow"

/** A named set of machines that serve one spec. */
export interface Fleet {
  readonly name: string
  readonly spec: Spec
  readonly on: Hosts
  readonly by: By
  /** The port on the controller's machine at which the router serves this fleet. Absent: no router. */
  readonly listen?: number
  /** The port on this machine at which those answer that do not serve yet, while a strategy shows them. */
  readonly preview?: number
  /** How long a request waits while nothing of the fleet can serve it. Absent: as long as the router thinks right. */
  readonly holdMs?: number
  /** Absent: at any time, whatever is offered. */
  readonly patch?: PatchPolicy
  /** What becomes of it when it has drifted. Absent: that is told. */
  readonly onDrift?: OnDrift
}

/** How many images may lie about. */
export interface ImageLimits {
  /** How many of a fleet's newest releases keep theirs. */
  readonly keep: number
  /** Bytes of all layers beyond which a build tidies up. */
  readonly maxBytes: number
}

/** Everything that a configuration file says. Frozen. */
export interface Project {
  readonly name: string
  readonly images?: ImageLimits
  readonly fleets: { readonly [name: string]: Fleet }
}
