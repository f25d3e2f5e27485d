import { randomBytes } from "node:crypto"
import type { Lease, LeaseHolder, Store, StoredEvent } from "../contract/index.ts"
import { chain, firstFault, genesis, sha256, whoAmI } from "./chain.ts"
import { type LeaseRow, leaseLost, mayTake } from "./lease.ts"

/** A store that is gone with the process: for tests and dry runs. */
export const memoryStore = (options: { readonly who?: string; readonly now?: () => number } = {}): Store => {
  const who = options.who ?? whoAmI()
  const now = options.now ?? Date.now
  const log: StoredEvent[] = []
  const leases = new Map<string, LeaseRow>()
  const blobs = new Map<string, Uint8Array>()
  const holds = ({ fleet, token }: Lease): LeaseRow | undefined => {
    const row = leases.get(fleet)
    return row?.token === token && row.holder !== undefined ? row : undefined
  }
  const identity = randomBytes(16).toString("hex")
  return {
    identity: async () => identity,
    append: async (events, under) => {
      if (under !== undefined && holds(under) === undefined) throw leaseLost(under)
      const at = new Date(now()).toISOString()
      const added: StoredEvent[] = []
      for (const event of events) {
        const last = added.at(-1) ?? log.at(-1)
        const place = { number: (last?.number ?? 0) + 1, at, who, previous: last?.hash ?? genesis }
        added.push(chain(event, place))
      }
      log.push(...added)
      return structuredClone(added)
    },
    events: async ({ fleet, kind } = {}) =>
      structuredClone(
        log.filter(
          (event) => (fleet === undefined || event.fleet === fleet) && (kind === undefined || event.kind === kind),
        ),
      ),
    verify: async () => firstFault(log, { number: log.length, hash: log.at(-1)?.hash ?? genesis }),
    acquire: async (fleet, holder: LeaseHolder, isDead, above = 0) => {
      const row = leases.get(fleet)
      if (row?.holder !== undefined && !mayTake(row.holder, now(), isDead)) return { heldBy: row.holder }
      const token = Math.max(row?.token ?? 0, above) + 1
      leases.set(fleet, { token, holder })
      return { lease: { fleet, token } }
    },
    holder: async (fleet) => leases.get(fleet)?.holder,
    renew: async (lease, expires) => {
      const row = holds(lease)
      if (row?.holder === undefined) return false
      leases.set(lease.fleet, { token: row.token, holder: { ...row.holder, expires } })
      return true
    },
    release: async (lease) => {
      if (holds(lease) !== undefined) leases.set(lease.fleet, { token: lease.token, holder: undefined })
    },
    putBlob: async (bytes) => {
      const digest = sha256(bytes)
      if (!blobs.has(digest)) blobs.set(digest, bytes.slice())
      return digest
    },
    blob: async (digest) => blobs.get(digest)?.slice(),
    close: async () => undefined,
  }
}
