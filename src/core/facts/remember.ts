import type { Json, MachineFacts, Store } from "../../contract/index.ts"
import { canonical } from "../canonical.ts"

/** Facts of machines, by the name that the fleet gives them. */
export type FactsByMachine = ReadonlyMap<string, MachineFacts>

const kind = "machine.facts"

/** What the machines of a fleet last said of themselves, so that a list can be built before they are asked again. */
export const rememberedFacts = async (store: Store, fleet: string): Promise<FactsByMachine> =>
  new Map(
    (await store.events({ fleet, kind })).map(({ body }) => [
      String(body.machine),
      body.facts as unknown as MachineFacts,
    ]),
  )

/** Keeps what is new: the log tells when a machine became another. */
export const rememberFacts = async (
  store: Store,
  fleet: string,
  known: FactsByMachine,
  now: FactsByMachine,
): Promise<void> => {
  const fresh = [...now].filter(([machine, facts]) => !sameFacts(known.get(machine), facts))
  if (fresh.length === 0) return
  await store.append(
    fresh.map(([machine, facts]) => ({ fleet, kind, body: { machine, facts: facts as unknown as Json } })),
  )
}

export const sameFacts = (one: MachineFacts | undefined, other: MachineFacts | undefined): boolean =>
  canonical(one) === canonical(other)
