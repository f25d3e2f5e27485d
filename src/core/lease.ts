import { type Epoch, FireclayError, isFireclayError, type Lease, type LeaseHolder } from "../contract/index.ts"
import type { Workbench } from "./workbench.ts"

const leaseMs = 30_000

/** The right to change a fleet, while it lasts. */
export interface HeldLease {
  /** What machines are told, so that they refuse whoever held it before. */
  readonly epoch: Epoch
  readonly holder: LeaseHolder
  /**
   * Asks the store, where this process has been too slow to renew: it may have slept while another took over.
   *
   * @throws FireclayError FC_LEASE_LOST
   */
  readonly ensure: () => Promise<void>
}

/** A workbench of the only controller of a fleet: its log takes nothing, and its signal fires, once the lease is lost. */
export type LeasedBench = Workbench & { readonly lease: HeldLease }

/**
 * Does something as the only controller of a fleet, renewing the lease meanwhile.
 *
 * @param doing for others to read: `apply web, release 4`
 * @throws FireclayError FC_LEASE_HELD with who, what and since when; FC_LEASE_LOST when another took over meanwhile
 */
export const withLease = async <T>(
  bench: Workbench,
  fleet: string,
  doing: string,
  work: (bench: LeasedBench) => Promise<T>,
): Promise<T> => {
  const holder = { ...bench.holder(), doing, expires: leaseUntil(bench) }
  const answer = await bench.store.acquire(fleet, holder, bench.isDead)
  if ("heldBy" in answer) throw leaseHeld(bench, fleet, answer.heldBy)
  return underLease(bench, answer.lease, holder, work)
}

/** With a lease that was just acquired. It is given back at the end. */
export const underLease = async <T>(
  bench: Workbench,
  lease: Lease,
  holder: LeaseHolder,
  work: (bench: LeasedBench) => Promise<T>,
): Promise<T> => {
  const epoch = { ...lease, store: await bench.store.identity() }
  const keeper = new Keeper(bench, lease)
  const leased: LeasedBench = {
    ...bench,
    store: { ...bench.store, append: (events) => bench.store.append(events, lease) },
    signal: bench.signal === undefined ? keeper.signal : AbortSignal.any([bench.signal, keeper.signal]),
    lease: { epoch, holder, ensure: () => keeper.ensure() },
  }
  const renewal = setInterval(() => void keeper.renew().catch(() => undefined), leaseMs / 3)
  try {
    return await work(leased)
  } catch (error) {
    // Whatever failed after that, failed because of it.
    throw keeper.lost ?? error
  } finally {
    clearInterval(renewal)
    await bench.store.release(lease)
  }
}

/** Who works on something, what, and since when: on one line. */
export const describeHolder = ({ who, host, pid, doing, since }: LeaseHolder): string =>
  `${who}@${host} (process ${pid})${doing === undefined ? "" : `, ${doing},`} since ${since}`

/** Its process was not found to be gone, and runs on this computer: then it is alive, and nothing else is. */
export const isAlive = (bench: Workbench, holder: LeaseHolder): boolean =>
  holder.host === bench.holder().host && !bench.isDead(holder)

/**
 * @throws FireclayError FC_CANCELLED when the user wants to stop; FC_LEASE_LOST
 */
export const refuseStopped = (signal: AbortSignal | undefined, at?: string): void => {
  if (signal?.aborted !== true) return
  if (isFireclayError(signal.reason)) throw signal.reason
  throw new FireclayError("FC_CANCELLED", "cancelled", at === undefined ? {} : { at })
}

/** Another controller has the fleet: this one must not even take back what it did. */
export const isTakenOver = (error: unknown): boolean =>
  isFireclayError(error) && (error.code === "FC_LEASE_LOST" || error.code === "FC_FENCED")

/** Renews a lease, and says when it is lost: passed to another, or not renewed until it had expired. */
class Keeper {
  readonly #bench: Workbench
  readonly #lease: Lease
  readonly #controller = new AbortController()
  #goodUntil: number

  constructor(bench: Workbench, lease: Lease) {
    this.#bench = bench
    this.#lease = lease
    this.#goodUntil = bench.now() + leaseMs
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get lost(): FireclayError | undefined {
    return this.signal.aborted ? (this.signal.reason as FireclayError) : undefined
  }

  /** One that fails is made up for by the next: the lease lasts for three. */
  async renew(): Promise<void> {
    const askedAt = this.#bench.now()
    try {
      if (await this.#bench.store.renew(this.#lease, leaseUntil(this.#bench))) this.#goodUntil = askedAt + leaseMs
      else await this.#lose()
    } catch (cause) {
      if (this.#bench.now() >= this.#goodUntil) await this.#lose(cause)
    }
  }

  async ensure(): Promise<void> {
    if (this.lost === undefined && this.#bench.now() >= this.#goodUntil) await this.renew()
    if (this.lost !== undefined) throw this.lost
  }

  async #lose(cause?: unknown): Promise<void> {
    const { fleet } = this.#lease
    const next = await this.#bench.store.holder(fleet).catch(() => undefined)
    const message =
      cause !== undefined
        ? `the lease on ${fleet} ended, because it could not be renewed: ${cause instanceof Error ? cause.message : String(cause)}`
        : next === undefined
          ? `another controller took over ${fleet}, and has ended since`
          : `${describeHolder(next)} took over ${fleet}`
    const remedy = `what was begun is undone; see fireclay status ${fleet}`
    this.#controller.abort(new FireclayError("FC_LEASE_LOST", message, { at: `fleets.${fleet}`, remedy, cause }))
  }
}

const leaseHeld = (bench: Workbench, fleet: string, holder: LeaseHolder): FireclayError => {
  const wait = "wait for it to end"
  const { who, host, pid, since, doing } = holder
  const what = doing === undefined ? "" : `: ${doing}`
  const message = `${who}@${host} (process ${pid}) is working on ${fleet} since ${since}${what}`
  return new FireclayError("FC_LEASE_HELD", message, {
    at: `fleets.${fleet}`,
    remedy: isAlive(bench, holder)
      ? wait
      : `${wait}; if it is dead, its lease ends at ${holder.expires}, or now with fireclay unlock ${fleet}`,
  })
}

/** When a lease that begins now ends, unless it is renewed. */
export const leaseUntil = (bench: Workbench): string => new Date(bench.now() + leaseMs).toISOString()
