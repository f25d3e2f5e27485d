/** What sends requests to the instances of one fleet. */
export interface Backend {
  readonly id: string
  readonly address: string
  readonly port: number
}

export interface BackendState extends Backend {
  /** `ready` takes new requests, `drain` only finishes. */
  readonly state: "ready" | "drain"
  /** Requests being served now. */
  readonly inFlight: number
  /** What the router's own checks say. */
  readonly up: boolean
}

/** One router serves one fleet, on one port of the controller's machine. */
export interface Router {
  /** Starts it, or takes over the one that runs. Idempotent. */
  readonly start: () => Promise<void>
  /** Like {@link Router.list}, but starts nothing: empty where it does not run. */
  readonly peek: () => Promise<readonly BackendState[]>
  readonly list: () => Promise<readonly BackendState[]>
  /** Adds those that are new; all given ones take requests from now on. */
  readonly admit: (backends: readonly Backend[]) => Promise<void>
  /** Sends no new requests; what is in flight goes on. Unknown ids are ignored. */
  readonly drain: (ids: readonly string[]) => Promise<void>
  /** Forgets them. Requests still in flight are cut. Unknown ids are ignored. */
  readonly remove: (ids: readonly string[]) => Promise<void>
  /** Stops the process and removes its files. Safe when nothing runs. */
  readonly destroy: () => Promise<void>
}
