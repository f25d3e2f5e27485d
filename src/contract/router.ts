/** What sends requests to the instances of one fleet. */
export interface Backend {
  readonly id: string
  readonly address: string
  readonly port: number
  /**
   * Its share of new requests in relation to the others: 0 to 256. Absent: what it had, or 100. 0: none but those of
   * clients that stick to it.
   */
  readonly weight?: number
  /**
   * How the router finds out whether it is well: by an HTTP request, or by connecting only. Backends of several releases
   * may be asked in different ways. Absent: as the router was made.
   */
  readonly check?: BackendCheck | "connect"
}

export interface BackendCheck {
  readonly path: string
  /** Statuses that count as healthy; absent: 200 to 399. */
  readonly status?: readonly number[]
}

export interface BackendState extends Omit<Backend, "check"> {
  readonly weight: number
  /** `ready` takes new requests, `drain` only finishes. */
  readonly state: "ready" | "drain"
  /** Requests being served now, web sockets not among them. */
  readonly inFlight: number
  /** Connections that were upgraded and are open. */
  readonly webSockets: number
  /** What the router's own checks say. One that drains is not asked any more, and counts as up. */
  readonly up: boolean
}

/** One request that a backend answered or failed. */
export interface Served {
  /** The backend's id. */
  readonly id: string
  /** What the client got. An answer that broke off counts as 502. */
  readonly status: number
  /** From the arrival of the request to the end of the answer. */
  readonly latencyMs: number
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
  /**
   * Changes the weights of those given, from the next request on, and for good: a restart of the router keeps them.
   * Unknown ids are ignored.
   */
  readonly weigh: (weights: ReadonlyMap<string, number>) => Promise<void>
  /** Sends no new requests, nor those of clients that stick to it; what is in flight goes on. Unknown ids are ignored. */
  readonly drain: (ids: readonly string[]) => Promise<void>
  /** Forgets them. Requests still in flight are cut. Unknown ids are ignored. */
  readonly remove: (ids: readonly string[]) => Promise<void>
  /**
   * These alone answer at the preview port; none: nobody does. Whoever serves is not concerned, and may be among them.
   *
   * @throws FireclayError FC_ROUTER when some are given and the router has no preview port
   */
  readonly preview: (backends: readonly Backend[]) => Promise<void>
  /**
   * Tells of each request as it ends, from now until aborted, and resolves then. Left out are upgraded connections,
   * requests at the preview port, and those that reached no backend. `onMissed` tells how many could not be told of.
   *
   * @throws FireclayError FC_ROUTER when the router does not run
   */
  readonly watch: (
    onServed: (served: Served) => void,
    signal: AbortSignal,
    onMissed?: (count: number) => void,
  ) => Promise<void>
  /** Stops the process and removes its files. Safe when nothing runs. */
  readonly destroy: () => Promise<void>
}
