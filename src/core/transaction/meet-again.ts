import { setTimeout as sleep } from "node:timers/promises"
import { FireclayError, isFireclayError, type Machine } from "../../contract/index.ts"
import { quote } from "../quote.ts"
import { failure } from "./failure.ts"
import { type End, follow } from "./follow.ts"
import { transactionDirectory } from "./paths.ts"

/** How long a machine that let nobody in may take to undo before this side stops looking. */
const graceMs = 30_000
const pauseMs = 500

/**
 * Leaves a machine and comes back over a new connection: one that was open before a change proves nothing.
 *
 * @param deadline - when the machine undoes by itself, on the clock of `performance.now()`
 * @throws FireclayError FC_UNCONFIRMED when it lets nobody in until then
 */
export const meetAgain = async (machine: Machine, id: string, deadline: number): Promise<void> => {
  await machine.close()
  const status = `cat ${quote(`${transactionDirectory(id)}/status`)}`
  const met = await keepTrying(deadline, (signal) => machine.sh(status, { signal }))
  if ("answer" in met && met.answer.stdout.toString() === "applied\n") return
  const seen = await keepTrying(performance.now() + graceMs, (signal) =>
    follow(machine, { id, passing: ["applied"], signal }),
  )
  throw await lockedOut(machine, id, "error" in met ? met.error : undefined, "answer" in seen ? seen.answer : undefined)
}

/** Until it works or the time is up. What is under way then is cut off. */
const keepTrying = async <T>(
  deadline: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<{ readonly answer: T } | { readonly error: FireclayError }> => {
  for (;;) {
    try {
      return { answer: await work(AbortSignal.timeout(Math.ceil(Math.max(1, deadline - performance.now())))) }
    } catch (error) {
      if (!isFireclayError(error)) throw error
      if (performance.now() + pauseMs >= deadline) return { error }
      await sleep(pauseMs)
    }
  }
}

const lockedOut = async (
  machine: Machine,
  id: string,
  cause: FireclayError | undefined,
  seen: Awaited<ReturnType<typeof follow>> | undefined,
): Promise<FireclayError> => {
  if (isEnd(seen) && seen.status === "broken") return failure(machine, { id, steps: [] }, seen)
  const fate =
    isEnd(seen) && seen.status === "undone"
      ? "it undid the change by itself and is back where it was"
      : "it undoes the change by itself, which could not be seen yet"
  return new FireclayError("FC_UNCONFIRMED", `after the change ${machine.name} let nobody in in time; ${fate}`, {
    at: machine.name,
    remedy: "mend what the change does to the way in: sshd, firewall, network, sudo, accounts; then apply again",
    details: cause === undefined ? [] : [cause.message, ...cause.details],
    cause,
  })
}

const isEnd = (seen: Awaited<ReturnType<typeof follow>> | undefined): seen is End =>
  seen !== undefined && !("refused" in seen)
