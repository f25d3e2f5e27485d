import { FireclayError, type Lease } from "../contract/index.ts"
import type { Workbench } from "./workbench.ts"

const leaseMs = 30_000

/**
 * Does something as the only controller of a fleet, renewing the lease meanwhile.
 *
 * @throws FireclayError FC_LEASE_HELD with who, where and since when
 */
export const withLease = async <T>(bench: Workbench, fleet: string, work: (lease: Lease) => Promise<T>): Promise<T> => {
  const answer = await bench.store.acquire(fleet, { ...bench.holder(), expires: expiry(bench) }, bench.isDead)
  if ("heldBy" in answer) {
    const { who, host, pid, since } = answer.heldBy
    throw new FireclayError(
      "FC_LEASE_HELD",
      `${who} on ${host} (process ${pid}) is working on ${fleet} since ${since}`,
      {
        at: `fleets.${fleet}`,
        remedy: `wait for it to end; if it is dead, its lease ends at ${answer.heldBy.expires}`,
      },
    )
  }
  // One that fails is made up for by the next: the lease lasts for three.
  const renew = (): void => void bench.store.renew(answer.lease, expiry(bench)).catch(() => undefined)
  const renewal = setInterval(renew, leaseMs / 3)
  try {
    return await work(answer.lease)
  } finally {
    clearInterval(renewal)
    await bench.store.release(answer.lease)
  }
}

const expiry = (bench: Workbench): string => new Date(bench.now() + leaseMs).toISOString()
