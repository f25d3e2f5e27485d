import { type BackendState, FireclayError, type Router } from "../contract/index.ts"

export interface MemoryRouterOptions {
  /** Requests in flight to report for a backend; absent: none. */
  readonly inFlight?: (id: string) => number
}

/** A router that carries no traffic and remembers what it was told: for tests and simulations. */
export const memoryRouter = ({ inFlight = () => 0 }: MemoryRouterOptions = {}): Router => {
  const backends = new Map<string, Omit<BackendState, "inFlight">>()
  let running = false
  const need = (): void => {
    if (!running) throw new FireclayError("FC_ROUTER", "the router does not run", { remedy: "start it first" })
  }
  const list = (): readonly BackendState[] =>
    [...backends.values()].map((backend) => ({ ...backend, inFlight: inFlight(backend.id) }))
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
      for (const { id, address, port } of given) backends.set(id, { id, address, port, state: "ready", up: true })
    },
    drain: async (ids) => {
      need()
      for (const id of ids) {
        const backend = backends.get(id)
        if (backend !== undefined) backends.set(id, { ...backend, state: "drain" })
      }
    },
    remove: async (ids) => {
      need()
      for (const id of ids) backends.delete(id)
    },
    destroy: async () => {
      running = false
      backends.clear()
    },
  }
}
