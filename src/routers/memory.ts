import { type Backend, type BackendState, FireclayError, type Router, type Served } from "../contract/index.ts"
import { defaultWeight, refuseWeight } from "./weight.ts"

export interface MemoryRouterOptions {
  /** Requests in flight to report for a backend; absent: none. */
  readonly inFlight?: (id: string) => number
  /** Open web sockets to report for a backend; absent: none. */
  readonly webSockets?: (id: string) => number
  /** False: it has no preview port. Absent: it has one. */
  readonly preview?: boolean
}

export interface MemoryRouter extends Router {
  /** Tells those who watch of a request. */
  readonly serve: (served: Served) => void
  /** Who would answer at the preview port. */
  readonly previewed: () => readonly Backend[]
}

type Kept = Omit<BackendState, "inFlight" | "webSockets">

/** A router that carries no traffic and remembers what it was told: for tests and simulations. */
export const memoryRouter = (options: MemoryRouterOptions = {}): MemoryRouter => {
  const { inFlight = () => 0, webSockets = () => 0, preview: hasPreview = true } = options
  const backends = new Map<string, Kept>()
  const watchers = new Set<(served: Served) => void>()
  let previewed: readonly Backend[] = []
  let running = false
  const need = (): void => {
    if (!running) throw new FireclayError("FC_ROUTER", "the router does not run", { remedy: "start it first" })
  }
  const state = (backend: Kept): BackendState => ({
    ...backend,
    inFlight: inFlight(backend.id),
    webSockets: webSockets(backend.id),
  })
  const list = (): readonly BackendState[] => [...backends.values()].map(state)
  const change = (id: string, changed: Partial<BackendState>): void => {
    const backend = backends.get(id)
    if (backend !== undefined) backends.set(id, { ...backend, ...changed })
  }
  return {
    start: async () => {
      running = true
    },
    peek: async () => list(),
    list: async () => {
      need()
      return list()
    },
    admit: async (given) => {
      need()
      for (const { id, weight } of given) refuseWeight(weight, id)
      for (const { id, address, port, weight = backends.get(id)?.weight ?? defaultWeight } of given)
        backends.set(id, { id, address, port, weight, state: "ready", up: true })
    },
    weigh: async (weights) => {
      need()
      for (const [id, weight] of weights) refuseWeight(weight, id)
      for (const [id, weight] of weights) change(id, { weight })
    },
    drain: async (ids) => {
      need()
      for (const id of ids) change(id, { state: "drain" })
    },
    remove: async (ids) => {
      need()
      for (const id of ids) backends.delete(id)
    },
    preview: async (given) => {
      need()
      if (!hasPreview && given.length > 0) throw new FireclayError("FC_ROUTER", "the router has no preview port")
      previewed = given
    },
    watch: async (onServed, signal) => {
      need()
      const watcher = (served: Served): void => onServed(served)
      watchers.add(watcher)
      await aborted(signal)
      watchers.delete(watcher)
    },
    destroy: async () => {
      running = false
      backends.clear()
      previewed = []
    },
    serve: (served) => {
      for (const watcher of watchers) watcher(served)
    },
    previewed: () => previewed,
  }
}

const aborted = async (signal: AbortSignal): Promise<void> => {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))
}
