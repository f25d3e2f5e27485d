import type { Fleet } from "../contract/index.ts"

/** How many members a fleet has when all is well. */
export const sizeOf = ({ on }: Fleet): number => (on.kind === "ssh" ? on.hosts.length : on.count)

/** A number of members, or a share of them, rounded down. */
export const countOf = (fleet: Fleet, wanted: number | string): number =>
  typeof wanted === "number" ? wanted : Math.floor((sizeOf(fleet) * Number.parseFloat(wanted)) / 100)
