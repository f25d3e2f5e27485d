import { setTimeout as sleep } from "node:timers/promises"
import { type Backend, type BackendState, FireclayError, isFireclayError, type Router } from "../../contract/index.ts"
import { refuseWeight } from "../weight.ts"
import { type Check, checkMap, renderCheckMap } from "./checks.ts"
import { fingerprint, holdScript, renderConfig, type Settings, type Told } from "./config.ts"
import { difference } from "./difference.ts"
import { makeDirectories, type Places, placesOf, readState, removeFiles, writeState, writeWhole } from "./files.ts"
import { type HaproxyOptions, place, renewed, validate, weighted } from "./options.ts"
import { launch, stopProcesses, unprivilegedUser } from "./process.ts"
import * as runtime from "./runtime.ts"
import { watchServed } from "./watch.ts"

export type { HaproxyOptions } from "./options.ts"

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
    weigh: (weights) => haproxy.inTurn(() => haproxy.weigh(weights)),
    preview: (backends) => haproxy.inTurn(() => haproxy.preview(backends)),
    // Outside the queue: it lasts, and changes nothing.
    watch: (...told) => haproxy.watch(...told),
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
    const running = await this.#running()
    const known = await this.#told()
    const told = this.#options.preview === undefined ? { ...known, preview: [] } : known
    const settings = await this.#settings(told)
    if (running?.description !== fingerprint(settings)) {
      // One that does not answer may still hold the port.
      if (running === undefined) await stopProcesses(this.#places.config)
      await writeWhole(this.#places.script, holdScript)
      await this.#save(told)
      const { bind: address, listen: port } = settings
      const { program = "haproxy" } = this.#options
      await launch({ program, places: this.#places, address, port, oldPid: running?.pid })
    }
    await this.#converge(told)
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
    const { backends } = await this.#told()
    const told = new Map(backends.map((server) => [server.id, server.address]))
    return (await this.#look()).servers
      .filter(({ section }) => section === "instances")
      .map(({ id, ip, port, weight, state, inFlight, webSockets, up }) => ({
        id,
        address: told.get(id) ?? ip,
        port,
        weight,
        state: state === "ready" ? "ready" : "drain",
        inFlight,
        webSockets,
        up: up || state === "maint",
      }))
  }

  async admit(backends: readonly Backend[]): Promise<void> {
    const given = new Map(
      (await Promise.all(backends.map((backend) => place(backend, this.#check)))).map((server) => [server.id, server]),
    )
    await this.#change((told) => {
      const kept = told.backends.map((known) => renewed(known, given.get(known.id)))
      const ids = new Set(told.backends.map(({ id }) => id))
      return { ...told, backends: [...kept, ...[...given.values()].filter(({ id }) => !ids.has(id)).map(weighted)] }
    })
  }

  async weigh(weights: ReadonlyMap<string, number>): Promise<void> {
    for (const [id, weight] of weights) refuseWeight(weight, id)
    await this.#change((told) => ({
      ...told,
      backends: told.backends.map((server) => ({ ...server, weight: weights.get(server.id) ?? server.weight })),
    }))
  }

  async drain(ids: ReadonlySet<string>): Promise<void> {
    await this.#change((told) => ({
      ...told,
      backends: told.backends.map((server) => (ids.has(server.id) ? { ...server, state: "drain" } : server)),
    }))
  }

  async remove(ids: ReadonlySet<string>): Promise<void> {
    await this.#change((told) => ({ ...told, backends: told.backends.filter(({ id }) => !ids.has(id)) }))
  }

  async preview(backends: readonly Backend[]): Promise<void> {
    if (this.#options.preview === undefined && backends.length > 0)
      throw new FireclayError("FC_ROUTER", "the router has no preview port", {
        at: this.#options.fleet,
        remedy: "give the fleet one: preview: PORT",
      })
    const placed = await Promise.all(backends.map((backend) => place(backend, this.#check)))
    await this.#change((told) => ({ ...told, preview: placed.map(weighted) }))
  }

  watch(...[onServed, signal, onMissed]: Parameters<Router["watch"]>): Promise<void> {
    return watchServed(this.#places.socket, { onServed, onMissed, signal })
  }

  async destroy(): Promise<void> {
    await stopProcesses(this.#places.config)
    await removeFiles(this.#places)
  }

  /** The files say first what shall be, so that a controller that dies half-way is finished by the next start. */
  async #change(edit: (told: Told) => Told): Promise<void> {
    const before = await this.#told()
    const seen = await this.#look()
    const after = edit(before)
    await this.#save(after)
    try {
      await this.#converge(after, seen)
    } catch (error) {
      // A server whose removal failed is out of the rotation already and must not come back.
      if (after.backends.length < before.backends.length) throw error
      await this.#save(before)
      await this.#converge(before).catch(() => undefined)
      throw error
    }
  }

  async #converge(told: Told, seen?: runtime.Sight): Promise<void> {
    const { commands, surplus } = difference(seen ?? (await this.#look()), told, this.#places.checks)
    await runtime.tell(this.#places.socket, commands)
    await this.#forget(surplus)
  }

  /**
   * A server can be deleted once its last connection is gone, which takes HAProxy a moment. At the preview port they
   * are not cut: one that is busy goes with a later change.
   */
  async #forget(servers: readonly runtime.Seen[]): Promise<void> {
    const deadline = Date.now() + 10_000
    let left = servers
    while (left.length > 0) {
      const answers = await runtime.askEach(this.#places.socket, left.map(runtime.deleteServer))
      const refusals = left.flatMap((server, index) => {
        const answer = answers[index] ?? ""
        return /^(Server deleted|No such server)\.$/.test(answer) ? [] : [{ server, answer }]
      })
      const fatal = refusals.find(({ answer }) => !answer.startsWith("Server still has connections"))
      const stuck = refusals.filter(({ server }) => server.section === "instances")
      const late = Date.now() > deadline ? stuck[0] : undefined
      const failed = fatal ?? late
      if (failed !== undefined)
        throw new FireclayError("FC_ROUTER", `HAProxy did not remove ${failed.server.id}: ${failed.answer}`, {
          at: this.#places.socket,
        })
      left = stuck.map(({ server }) => server)
      if (left.length > 0) await sleep(10)
    }
  }

  async #save(told: Told): Promise<void> {
    const config = renderConfig(await this.#settings(told), told)
    await Promise.all([
      writeState(this.#places, told),
      writeWhole(this.#places.config, config),
      writeWhole(this.#places.checks, renderCheckMap(checkMap([...told.preview, ...told.backends]))),
    ])
  }

  async #settings({ backends, preview: previewed }: Told): Promise<Settings> {
    const { fleet, listen, bind = "0.0.0.0", holdMs = 5000, threads = 1, preview, sticky } = this.#options
    const { socket, script, checks } = this.#places
    const asks = [this.#check, ...[...backends, ...previewed].map(({ check }) => check)].some(
      (check) => check !== "connect",
    )
    const user = await unprivilegedUser()
    return {
      ...{ fleet, listen, preview, sticky, bind, holdMs, threads, asks },
      ...{ checksPath: checks, socketPath: socket, scriptPath: script, user },
    }
  }

  #told(): Promise<Told> {
    return readState(this.#places, this.#check)
  }

  #look(): Promise<runtime.Sight> {
    return runtime.look(this.#places.socket, this.#places.checks)
  }

  /** For backends that came without one. */
  get #check(): Check {
    return this.#options.check ?? "connect"
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
