import { type Epoch, FireclayError, type Machine } from "../../contract/index.ts"
import { quote } from "../quote.ts"
import { epochKey, home, transactionDirectory } from "./paths.ts"

/** How a transaction ended that the machine did not let begin, or go on. */
export interface Refusal {
  readonly status: string
  /** Who is in the way: what, and since when. */
  readonly detail: string
}

/** A refused transaction as an error; `undefined`: it was not refused. What was sent is removed, if it was not begun. */
export const refusal = async (
  machine: Machine,
  id: string,
  epoch: Epoch | undefined,
  end: Refusal,
): Promise<FireclayError | undefined> => {
  if (end.status === "") return vanished(machine, epoch)
  const make = errors[end.status]
  if (make === undefined) return undefined
  const directory = quote(transactionDirectory(id))
  await machine.sh(`case "$(cat ${directory}/status)" in locked|stale|fenced|unkept) rm -rf -- ${directory};; esac`)
  return make(machine, end.detail)
}

export const lockedBy = (machine: Machine, holder: string): FireclayError =>
  new FireclayError("FC_MACHINE_LOCKED", `another run is changing ${machine.name}: ${holder}`, {
    at: machine.name,
    remedy: "wait for it to end, then try again; if it is dead, the machine undoes what it began by itself",
  })

export const fencedOff = (machine: Machine, since: string): FireclayError =>
  new FireclayError("FC_FENCED", `${machine.name} obeys a newer controller: ${since} took over`, {
    at: machine.name,
    remedy: "nothing more was done; see with fireclay status what it made of it",
  })

const stale = (machine: Machine, last: string): FireclayError =>
  new FireclayError(
    "FC_PLAN_STALE",
    `${machine.name} changed after the plan was made; nothing was done to it${last === "" ? "" : `. Last changed by ${last}`}`,
    { at: machine.name, remedy: "look at the new plan and apply again" },
  )

const unkept = (machine: Machine, what: string): FireclayError =>
  new FireclayError("FC_MACHINE_COMMAND", `${machine.name} refused: ${what}`, {
    at: machine.name,
    remedy: `can ${home} be written there?`,
  })

const errors: { readonly [status: string]: ((machine: Machine, detail: string) => FireclayError) | undefined } = {
  locked: lockedBy,
  fenced: fencedOff,
  stale,
  unkept,
}

/** The next transaction has taken it away: one of a controller that took over, or of one with another store. */
const vanished = async (machine: Machine, epoch: Epoch | undefined): Promise<FireclayError> => {
  const fence = epoch === undefined ? "/dev/null" : quote(`${home}/fence/${epochKey(epoch)}`)
  const { stdout } = await machine.sh(`cat ${fence}; printf '\\0'; head -n 1 ${home}/holder; exit 0`)
  const [fenced = "", holder = ""] = stdout.toString().split("\0")
  const [seen = "0", since = ""] = fenced.split("\n")
  return epoch !== undefined && Number(seen) > epoch.token
    ? fencedOff(machine, since)
    : lockedBy(machine, `${holder.trim()}; what this run had begun is undone`)
}
