import type { Epoch, SshHost } from "../../../src/contract/index.ts"

/** What a controller is told to do. */
export interface Task {
  readonly directory: string
  readonly address: string
  readonly release: 1 | 2
  readonly confirmSeconds: number
  /** Each controller's is higher than that of the one before it. */
  readonly token: number
  /** While this file exists there is no way to the machine. */
  readonly gate: string
  /** Over a real network instead. */
  readonly ssh?: SshHost
}

/** How a converge ended, by the controller's own account. */
export type Answer = { readonly release: number } | { readonly code: string; readonly message: string }

/** A lease of the store that all of them share. */
export const epochOf = (token: number): Epoch => ({ fleet: "web", token, store: "faults" })
