import type { Fleet, Json, Machine, PackageMove, Store, StoredEvent } from "../../contract/index.ts"
import { patchedIn } from "../bake.ts"
import type { Converged } from "../converge.ts"
import type { RolloutResult } from "../rollout/rollout.ts"
import type { Upgraded } from "../transaction/follow.ts"
import type { Workbench } from "../workbench.ts"

/** What patching did to one machine. */
export interface PatchedMachine extends Upgraded {
  readonly machine: string
  /** It was started anew. */
  readonly rebooted: boolean
  /** It was taken back: the machine is as it was before. */
  readonly undone: boolean
}

const [applied, undone, rebooted] = ["patch.applied", "patch.undone", "patch.rebooted"] as const

/** Writes down what a machine's upgrades did. */
export const logPatch = async (
  { store }: Pick<Workbench, "store">,
  fleet: Fleet,
  { name }: Machine,
  { release, transaction, upgraded }: Converged,
): Promise<void> => {
  if (upgraded === undefined) return
  const body = { machine: name, release, transaction, ...(upgraded as unknown as { readonly [key: string]: Json }) }
  await store.append([{ fleet: fleet.name, kind: applied, body }])
}

/** Writes down what the image of a release brought its instances, compared with the one of the release before. */
export const logInstances = async (
  { store }: Pick<Workbench, "store">,
  fleet: Fleet,
  { release, versions }: Pick<RolloutResult, "release" | "versions">,
  [before, after]: readonly [before: string, after: string],
): Promise<void> => {
  const old = new Map((await movesOf(store, fleet, before)).map(({ name, to }) => [name, to]))
  const moves = (await movesOf(store, fleet, after))
    .map((move) => ({ ...move, from: old.get(move.name) ?? move.from }))
    .filter(({ from, to }) => from !== to)
  const body = { release, ...nothing, moves } as unknown as { readonly [key: string]: Json }
  const machines = Object.keys(versions).filter((name) => versions[name] === release)
  if (moves.length > 0)
    await store.append(machines.map((machine) => ({ fleet: fleet.name, kind: applied, body: { machine, ...body } })))
}

/** What patches changed in the image of a release. */
const movesOf = async (store: Store, { name }: Fleet, digest: string): Promise<readonly PackageMove[]> => {
  const built = (await store.events({ kind: "image.built" })).findLast(
    ({ fleet, body }) => fleet === name && body.release === digest,
  )
  const baked = (await store.events({ kind: "image.baked" })).findLast(({ body }) => body.image === built?.body.image)
  return patchedIn(baked?.body)
}

/** The same of what was taken back. Silent where no package had been upgraded. */
export const logUndone = async (
  { store }: Pick<Workbench, "store">,
  fleet: Fleet,
  machine: string,
  transaction: string,
): Promise<void> => {
  const before = await store.events({ fleet: fleet.name, kind: applied })
  if (!before.some(({ body }) => body.transaction === transaction)) return
  await store.append([{ fleet: fleet.name, kind: undone, body: { machine, transaction } }])
}

export const logRestart = async ({ store }: Pick<Workbench, "store">, fleet: Fleet, machine: string): Promise<void> => {
  await store.append([{ fleet: fleet.name, kind: rebooted, body: { machine } }])
}

/** Who patched although the window was closed stands beside it. */
export const logForced = async (
  { store }: Pick<Workbench, "store">,
  fleet: Fleet,
  { opens = null }: { readonly opens?: string | null },
): Promise<void> => {
  await store.append([{ fleet: fleet.name, kind: "patch.forced", body: { opens } }])
}

/** What was written down of each machine since. @param after number of the last event before */
export const reportOf = async (store: Store, fleet: string, after: number): Promise<readonly PatchedMachine[]> =>
  toReport((await store.events({ fleet })).filter(({ number }) => number > after))

/** Pure. The machines in the order in which they were patched. */
export const toReport = (events: readonly StoredEvent[]): readonly PatchedMachine[] => {
  const machines = new Map<string, PatchedMachine>()
  for (const { kind, body } of events) {
    const machine = String(body.machine)
    const known = machines.get(machine) ?? { machine, ...nothing, rebooted: false, undone: false }
    if (kind === applied) machines.set(machine, { ...known, ...toUpgraded(body), undone: false })
    if (kind === undone) machines.set(machine, { ...known, undone: true })
    if (kind === rebooted) machines.set(machine, { ...known, rebooted: true })
  }
  return [...machines.values()]
}

const nothing: Upgraded = { moves: [], restarted: [], stale: [], keptFiles: [] }

const toUpgraded = ({ moves, restarted, stale, keptFiles }: StoredEvent["body"]): Upgraded => ({
  moves: (moves ?? []) as unknown as readonly PackageMove[],
  restarted: (restarted ?? []) as readonly string[],
  stale: (stale ?? []) as readonly string[],
  keptFiles: (keptFiles ?? []) as readonly string[],
})
