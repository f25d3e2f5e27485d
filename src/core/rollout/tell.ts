import { FireclayError, type Fleet } from "../../contract/index.ts"
import { describeHolder, isAlive } from "../lease.ts"
import { readFleet } from "../ledger.ts"
import type { Workbench } from "../workbench.ts"
import { toldKind, type Word } from "./diary.ts"

/**
 * Says something to the rollout of a fleet that is under way.
 *
 * @returns whether a controller is there to hear it; if not, it counts for whoever goes on with the rollout
 * @throws FireclayError FC_ROLLOUT_NONE
 */
export const tell = async (bench: Workbench, fleet: Fleet, word: Word): Promise<"heard" | "kept"> => {
  const { open } = await readFleet(bench.store, fleet.name)
  if (open === undefined) throw noRollout(fleet)
  await bench.store.append([{ fleet: fleet.name, kind: toldKind, body: { rollout: open.id, word } }])
  return (await isDriven(bench, fleet)) ? "heard" : "kept"
}

const yieldWithinMs = 120_000

/**
 * Tells the controller of a rollout to let go of it, and waits until it has. Nobody there: no error.
 *
 * @throws FireclayError FC_LEASE_HELD when it does not
 */
export const takeOver = async (bench: Workbench, fleet: Fleet): Promise<void> => {
  const { open } = await readFleet(bench.store, fleet.name)
  if (open === undefined || !(await isDriven(bench, fleet))) return
  await tell(bench, fleet, "take-over")
  bench.progress({ fleet: fleet.name, doing: "waiting until the other run lets go" })
  const deadline = bench.now() + yieldWithinMs
  while (await isDriven(bench, fleet)) {
    if (bench.now() > deadline || bench.signal?.aborted === true) throw await stillHeld(bench, fleet)
    await bench.sleep(100)
  }
}

export const noRollout = (fleet: Fleet): FireclayError =>
  new FireclayError("FC_ROLLOUT_NONE", `no rollout of ${fleet.name} is under way`, {
    at: `fleets.${fleet.name}`,
    remedy: `fireclay status ${fleet.name}`,
  })

/** Of a controller on another computer it is assumed that it lives, until its lease has expired. */
export const isDriven = async (bench: Workbench, fleet: Fleet): Promise<boolean> => {
  const holder = await bench.store.holder(fleet.name)
  if (holder === undefined || bench.isDead(holder)) return false
  return isAlive(bench, holder) || Date.parse(holder.expires) > bench.now()
}

const stillHeld = async (bench: Workbench, fleet: Fleet): Promise<FireclayError> => {
  const holder = await bench.store.holder(fleet.name)
  const who = holder === undefined ? "the other run" : describeHolder(holder)
  return new FireclayError("FC_LEASE_HELD", `${who} did not let go of ${fleet.name}`, {
    at: `fleets.${fleet.name}`,
    remedy: `it looks between two moves; if it hangs: fireclay unlock ${fleet.name}`,
  })
}
