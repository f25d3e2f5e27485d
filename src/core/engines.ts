import type { Engine, Fleet } from "../contract/index.ts"
import type { Workbench } from "./workbench.ts"

/** Each engine that makes the machines of some of these fleets, once. */
export const enginesOf = (bench: Workbench, fleets: readonly Fleet[]): readonly Engine[] => {
  const made = fleets.filter(({ on }) => on.kind !== "ssh")
  return [...new Set(made.map((fleet) => bench.engine(fleet)))]
}
