import { FireclayError, type Lease, type LeaseHolder } from "../contract/index.ts"

/** A fleet's lease as it is kept. The row stays when the lease is released, so that its token is never used again. */
export interface LeaseRow {
  readonly token: number
  /** `undefined`: released. */
  readonly holder: LeaseHolder | undefined
}

/** Pure: whether another may take the lease from this holder. */
export const mayTake = (holder: LeaseHolder, nowMs: number, isDead: (holder: LeaseHolder) => boolean): boolean =>
  Date.parse(holder.expires) <= nowMs || isDead(holder)

/** What a controller hears that writes after its lease has passed to another. */
export const leaseLost = ({ fleet }: Lease): FireclayError =>
  new FireclayError("FC_LEASE_LOST", `another controller took over ${fleet}`, {
    at: `fleets.${fleet}`,
    remedy: `fireclay status ${fleet}`,
  })
