import type { Fleet, LeaseHolder, Machine } from "../contract/index.ts"
import { describeHolder, isAlive, leaseUntil, underLease } from "./lease.ts"
import { fleetMachines } from "./machines.ts"
import { settleMachines } from "./rollout/rollout.ts"
import { epochKey, home } from "./transaction/paths.ts"
import type { Workbench } from "./workbench.ts"

/** Who holds a fleet. */
export interface Held {
  readonly holder: LeaseHolder
  /** Of a process on another computer nothing is known. */
  readonly life: "gone" | "alive" | "unknown"
  /** It did not renew its lease in time, so that the next to come gets it without asking. */
  readonly expired: boolean
}

/** Looks who works on a fleet; `undefined`: nobody. */
export const lookAtLease = async (bench: Workbench, fleet: Fleet): Promise<Held | undefined> => {
  const holder = await bench.store.holder(fleet.name)
  if (holder === undefined) return undefined
  const life = bench.isDead(holder) ? "gone" : isAlive(bench, holder) ? "alive" : "unknown"
  return { holder, life, expired: Date.parse(holder.expires) <= bench.now() }
}

/**
 * Takes a fleet's lease from whoever holds it, and gives it back. Its machines refuse the old holder from then on, and
 * what that one left waiting there is undone. Answers the token under which this was done.
 *
 * @throws FireclayError FC_MACHINE_LOCKED when a controller with another store is at work on a machine
 */
export const unlock = async (bench: Workbench, fleet: Fleet): Promise<number> => {
  const before = await bench.store.holder(fleet.name)
  const holder = { ...bench.holder(), doing: `unlock ${fleet.name}`, expires: leaseUntil(bench) }
  const answer = await bench.store.acquire(fleet.name, holder, () => true, await highestToken(bench, fleet))
  if ("heldBy" in answer) throw new TypeError("a lease of the dead was not given")
  await underLease(bench, answer.lease, holder, async (leased) => {
    const from = before === undefined ? null : describeHolder(before)
    await leased.store.append([{ fleet: fleet.name, kind: "fleet.unlocked", body: { from } }])
    await settleMachines(leased, fleet)
  })
  return answer.lease.token
}

/** The highest that a machine has seen: more than the store knows, where the store was put back from a copy. */
const highestToken = async (bench: Workbench, fleet: Fleet): Promise<number> => {
  if (fleet.by.delivery !== "in-place") return 0
  const key = epochKey({ store: await bench.store.identity(), fleet: fleet.name, token: 0 })
  const machines = (await fleetMachines(bench, fleet)).filter(({ exists }) => exists)
  // One that cannot be reached is told when it is settled.
  const tokens = await Promise.all(machines.map(({ machine }) => tokenOn(machine, key).catch(() => 0)))
  return Math.max(0, ...tokens)
}

const tokenOn = async (machine: Machine, key: string): Promise<number> => {
  const { stdout } = await machine.sh(`head -n 1 ${home}/fence/${key} 2>/dev/null; exit 0`)
  return Number.parseInt(stdout.toString(), 10) || 0
}
