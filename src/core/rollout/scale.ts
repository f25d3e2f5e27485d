import { FireclayError, type Fleet } from "../../contract/index.ts"
import type { FleetRecord } from "../ledger.ts"

/**
 * Of which release there will be more or fewer instances: the one in force; or the one that a rollout is on its way to,
 * where that is taken over.
 *
 * @throws FireclayError FC_SCALE
 */
export const releaseToScale = (fleet: Fleet, record: FleetRecord, takeOver: boolean): number => {
  const { name, on, by } = fleet
  const at = `fleets.${name}`
  if (on.kind === "ssh")
    throw new FireclayError("FC_SCALE", `${name} has servers that exist: none can be made or removed`, {
      at: `${at}.on`,
      remedy: `add hosts to the configuration or take them out, then: fireclay apply ${name}`,
    })
  if (by.delivery !== "replace")
    throw new FireclayError("FC_SCALE", `${name} is delivered in place: its machines are kept, and each is its own`, {
      at: `${at}.on`,
      remedy: `write their number into the configuration, local({ machines: … }), then: fireclay apply ${name}`,
    })
  const { open, current } = record
  if (open !== undefined && open.to !== current) {
    if (takeOver) return open.to
    throw new FireclayError("FC_SCALE", `a rollout of ${name} to release ${open.to} has not come to its end`, {
      at,
      remedy: `end it first: fireclay apply ${name}, or fireclay abort ${name}; --take-over goes on with it in the new size`,
    })
  }
  if (current !== undefined) return current
  throw new FireclayError("FC_SCALE", `no release of ${name} is in force, so there is nothing to scale`, {
    at,
    remedy: `fireclay apply ${name}`,
  })
}
