import type { Fleet } from "../contract/index.ts"
import type { FleetRecord, Sizing } from "./ledger.ts"

/** How many members a fleet has when all is well. */
export const sizeOf = ({ on }: Fleet): number => (on.kind === "ssh" ? on.hosts.length : on.count)

/** A number of members, or a share of them, rounded down. */
export const countOf = (fleet: Fleet, wanted: number | string): number =>
  typeof wanted === "number" ? wanted : Math.floor((sizeOf(fleet) * Number.parseFloat(wanted)) / 100)

/**
 * How many instances a fleet is to have: as many as it was scaled to, as long as the configuration still says what it said
 * then. Absent for machines that stay: how many they are is only for the configuration to say.
 *
 * @param asked somebody wants so many from now on
 */
export const sizingOf = (fleet: Fleet, record: FleetRecord, asked?: number): Sizing | undefined => {
  if (fleet.by.delivery !== "replace") return undefined
  const configured = sizeOf(fleet)
  const said = record.open?.sizing ?? record.sizing
  return { size: asked ?? (said?.configured === configured ? said.size : configured), configured }
}

/** The fleet with as many instances as it is to have. */
export const inSize = (fleet: Fleet, sizing: Sizing | undefined): Fleet =>
  sizing === undefined || fleet.on.kind === "ssh" ? fleet : { ...fleet, on: { ...fleet.on, count: sizing.size } }
