import type { Fleet } from "../contract/index.ts"

/** How many members a fleet has when all is well. */
export const sizeOf = ({ on }: Fleet): number => (on.kind === "ssh" ? on.hosts.length : on.count)
