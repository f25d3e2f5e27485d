import { isDeepStrictEqual } from "node:util"
import { FireclayError } from "../../../contract/index.ts"
import type { MachineDrift } from "../drift.ts"
import type { AdoptedCall, Adoption, Construct, Seen } from "./adoption.ts"
import { adoptDeclared } from "./declared.ts"
import { adoptUndeclared } from "./undeclared.ts"

/** Of one machine. */
export interface MachineAdoption {
  readonly machine: string
  readonly adoption: Adoption
}

/** Pure: what a machine's drift comes to as a description. */
export const adopt = (
  { declared, undeclared }: Pick<MachineDrift, "declared" | "undeclared">,
  seen: Seen,
): Adoption => {
  const parts = [...declared.map((difference) => adoptDeclared(difference, seen)), adoptUndeclared(undeclared, seen)]
  return {
    add: parts.flatMap(({ add = [] }) => add).toSorted(inOrder),
    change: parts.flatMap(({ change = [] }) => change),
    remove: parts.flatMap(({ remove = [] }) => remove),
    refused: parts.flatMap(({ refused = [] }) => refused),
  }
}

/**
 * Pure: what is to be adopted of several machines that drifted.
 *
 * @returns that of the first; `undefined`: of none
 * @throws FireclayError FC_USAGE where they drifted in different ways
 */
export const commonAdoption = (fleet: string, all: readonly MachineAdoption[]): MachineAdoption | undefined => {
  const [first, ...others] = all
  if (others.every(({ adoption }) => isDeepStrictEqual(adoption, first?.adoption))) return first
  throw new FireclayError("FC_USAGE", `machines of ${fleet} drifted in different ways`, {
    at: all.map(({ machine }) => machine).join(", "),
    remedy: `say whose changes are wanted: fireclay drift ${fleet} --adopt --on ${first?.machine ?? ""}`,
  })
}

/** What others stand on comes first. */
const order: readonly Construct[] = ["group", "user", "pkg", "directory", "file", "link", "service"]

const inOrder = (one: AdoptedCall, other: AdoptedCall): number =>
  order.indexOf(one.construct) - order.indexOf(other.construct) || (one.name < other.name ? -1 : 1)
