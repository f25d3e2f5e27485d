import { lookup } from "node:dns/promises"
import { isIP } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { type Backend, type BackendState, FireclayError, isFireclayError, type Router } from "../../contract/index.ts"
import { fingerprint, type HealthCheck, holdScript, type Placed, renderConfig, type Settings } from "./config.ts"
import { makeDirectories, type Places, placesOf, readState, removeFiles, writeState, writeWhole } from "./files.ts"
import { launch, stopProcesses, unprivilegedUser } from "./process.ts"
import * as runtime from "./runtime.ts"

export interface HaproxyOptions {
  readonly fleet: string
  /** Directory of this router's files; made when it is missing. No other router may use it. */
  readonly home: string
  /** The port to serve at. */
  readonly listen: number
  /** Address to listen on. Absent: 0.0.0.0, which is every IPv4 address of this machine. */
  readonly bind?: string
  /** Absent: a backend is up while it can be connected to. */
  readonly check?: HealthCheck
  /** How long a request waits when no backend is ready, before it gets 503. Absent: 5000; 0: not at all. */
  readonly holdMs?: number
  /** Absent: 1, good for about 20,000 requests a second. */
  readonly threads?: number
  /** The program to run. Absent: `haproxy`, as found on the PATH. */
  readonly program?: string
}

/**
 * A router that runs HAProxy 2.6 or later in the background, one process for the fleet. Changes go through its Runtime
 * API, so it is never reloaded; the file that it would restart from is kept in step. It outlives the controller.
 *
 * @throws FireclayError FC_ROUTER, with what HAProxy said; FC_MISSING_TOOL when it is not installed
 */
export const haproxyRouter = (options: HaproxyOptions): Router => {
  validate(options)
  const haproxy = new Haproxy(options)
  return {
    start: () => haproxy.inTurn(() => haproxy.start()),
    peek: () => haproxy.peek(),
    list: () => haproxy.list(),
    admit: (backends) => haproxy.inTurn(() => haproxy.admit(backends)),
    drain: (ids) => haproxy.inTurn(() => haproxy.drain(new Set(ids))),
    remove: (ids) => haproxy.inTurn(() => haproxy.remove(new Set(ids))),
    destroy: () => haproxy.inTurn(() => haproxy.destroy()),
  }
}

class Haproxy {
  readonly #options: HaproxyOptions
  readonly #places: Places
  #queue: Promise<unknown> = Promise.resolve()

  constructor(options: HaproxyOptions) {
    this.#options = options
    this.#places = placesOf(options.home)
  }

  /** One change after the other: each starts from what the one before it left. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work)
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  async start(): Promise<void> {
    await makeDirectories(this.#places)
    const settings = await this.#settings()
    const running = await this.#running()
    const servers = await readState(this.#places)
    if (running?.description !== fingerprint(settings)) {
      // One that does not answer may still hold the port.
      if (running === undefined) await stopProcesses(this.#places.config)
      await writeWhole(this.#places.script, holdScript)
      await this.#save(servers)
      const { bind: address, listen: port } = settings
      const { program = "haproxy" } = this.#options
      await launch({ program, places: this.#places, address, port, oldPid: running?.pid })
    }
    await this.#converge(servers)
  }

  async peek(): Promise<readonly BackendState[]> {
    try {
      return await this.list()
    } catch (error) {
      if (runtime.isAbsent(error)) return []
      throw error
    }
  }

  async list(): Promise<readonly BackendState[]> {
    const told = new Map((await readState(this.#places)).map((server) => [server.id, server.address]))
    return (await runtime.look(this.#places.socket)).map(({ id, ip, port, state, inFlight, up }) => ({
      id,
      address: told.get(id) ?? ip,
      port,
      state: state === "ready" ? "ready" : "drain",
      inFlight,
      up,
    }))
  }

  async admit(backends: readonly Backend[]): Promise<void> {
    const given = new Map((await Promise.all(backends.map(place))).map((server) => [server.id, server]))
    const known = await readState(this.#places)
    const kept = known.map((server) => given.get(server.id) ?? server)
    const ids = new Set(known.map(({ id }) => id))
    await this.#change([...kept, ...[...given.values()].filter(({ id }) => !ids.has(id))])
  }

  async drain(ids: ReadonlySet<string>): Promise<void> {
    const known = await readState(this.#places)
    await this.#change(known.map((server) => (ids.has(server.id) ? { ...server, state: "drain" } : server)))
  }

  async remove(ids: ReadonlySet<string>): Promise<void> {
    await this.#change((await readState(this.#places)).filter(({ id }) => !ids.has(id)))
  }

  async destroy(): Promise<void> {
    await stopProcesses(this.#places.config)
    await removeFiles(this.#places)
  }

  /** The files say first what shall be, so that a controller that dies half-way is finished by the next start. */
  async #change(servers: readonly Placed[]): Promise<void> {
    const before = await readState(this.#places)
    await runtime.identify(this.#places.socket)
    await this.#save(servers)
    try {
      await this.#converge(servers)
    } catch (error) {
      // A server whose removal failed is out of the rotation already and must not come back.
      if (servers.length < before.length) throw error
      await this.#save(before)
      await this.#converge(before).catch(() => undefined)
      throw error
    }
  }

  async #converge(servers: readonly Placed[]): Promise<void> {
    const { commands, surplus } = difference(await runtime.look(this.#places.socket), servers)
    await runtime.tell(this.#places.socket, commands)
    await this.#forget(surplus)
  }

  /** A server can be deleted once its last connection is gone, which takes HAProxy a moment. */
  async #forget(ids: readonly string[]): Promise<void> {
    const deadline = Date.now() + 10_000
    for (const id of ids) {
      for (;;) {
        const answer = (await runtime.ask(this.#places.socket, [runtime.deleteServer(id)])).trim()
        if (answer === "Server deleted." || answer === "No such server.") break
        if (!answer.startsWith("Server still has connections") || Date.now() > deadline)
          throw new FireclayError("FC_ROUTER", `HAProxy did not remove ${id}: ${answer}`, { at: this.#places.socket })
        await sleep(10)
      }
    }
  }

  async #save(servers: readonly Placed[]): Promise<void> {
    await writeState(this.#places, servers)
    await writeWhole(this.#places.config, renderConfig(await this.#settings(), servers))
  }

  async #settings(): Promise<Settings> {
    const { fleet, listen, bind = "0.0.0.0", holdMs = 5000, threads = 1, check } = this.#options
    const { socket, script } = this.#places
    const user = await unprivilegedUser()
    return { fleet, listen, bind, holdMs, threads, check, socketPath: socket, scriptPath: script, user }
  }

  async #running(): Promise<{ readonly pid: number; readonly description: string } | undefined> {
    try {
      return await runtime.identify(this.#places.socket)
    } catch (error) {
      if (isFireclayError(error)) return undefined
      throw error
    }
  }
}

/** Pure: the commands from what runs to what shall be. New servers come first, so that there is always one to serve. */
const difference = (
  have: readonly runtime.Seen[],
  want: readonly Placed[],
): { readonly commands: readonly string[]; readonly surplus: readonly string[] } => {
  const seen = new Map(have.map((server) => [server.id, server]))
  const wanted = new Set(want.map(({ id }) => id))
  const surplus = have.filter(({ id }) => !wanted.has(id)).map(({ id }) => id)
  const ready = want.filter(({ state }) => state === "ready")
  const drained = want.filter(({ state }) => state === "drain")
  const commands = [
    ...[...ready, ...drained].flatMap((server) => bring(server, seen.get(server.id))),
    ...surplus.flatMap((id) => [runtime.setState(id, "maint"), runtime.shutdownSessions(id)]),
  ]
  return { commands, surplus }
}

const bring = (want: Placed, have: runtime.Seen | undefined): readonly string[] => {
  const moved = have !== undefined && (have.ip !== want.ip || have.port !== want.port)
  return [
    ...(have === undefined ? [runtime.addServer(want)] : []),
    ...(moved ? [runtime.setAddress(want)] : []),
    // New servers, and drained ones after a restart, begin in maintenance.
    ...((have?.state ?? "maint") === "maint" ? [runtime.enableHealth(want.id)] : []),
    ...(have?.state === want.state ? [] : [runtime.setState(want.id, want.state)]),
  ]
}

const place = async (backend: Backend): Promise<Placed> => {
  const { id, address, port } = backend
  if (!/^[A-Za-z0-9_.:-]{1,64}$/.test(id)) throw refused(`"${id}" cannot be the name of a backend`, id)
  if (!isPort(port)) throw refused(`port ${port} is out of range`, id)
  const ip = isIP(address) > 0 ? address : await resolveName(address, id)
  return { id, address, port, ip, state: "ready" }
}

const resolveName = async (name: string, id: string): Promise<string> => {
  try {
    return (await lookup(name)).address
  } catch (cause) {
    throw new FireclayError("FC_ROUTER", `the address ${name} of backend ${id} resolves to nothing`, { at: id, cause })
  }
}

const validate = ({ fleet, listen, bind, holdMs = 0, threads = 1, check }: HaproxyOptions): void => {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(fleet)) throw refused(`"${fleet}" cannot be the name of a fleet`, fleet)
  if (!isPort(listen)) throw refused(`port ${listen} is out of range`, fleet)
  if (bind !== undefined && isIP(bind) === 0) throw refused(`"${bind}" is not an address to listen on`, fleet)
  if (!Number.isInteger(holdMs) || holdMs < 0) throw refused(`holdMs ${holdMs} is not a number of milliseconds`, fleet)
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) throw refused("threads must be 1 to 64", fleet)
  if (check !== undefined && !/^\/[!-~]*$/.test(check.path)) throw refused(`"${check.path}" is not a path`, fleet)
  if (check?.status?.some((status) => !Number.isInteger(status) || status < 100 || status > 599) === true)
    throw refused("a status to expect must be 100 to 599", fleet)
}

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535

const refused = (message: string, at: string): FireclayError => new FireclayError("FC_ROUTER", message, { at })
