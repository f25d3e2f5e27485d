import { type Epoch, FireclayError, type Machine } from "../../contract/index.ts"
import type { MachineState } from "../machine-state.ts"
import { quote, quoteAll } from "../quote.ts"
import { type Failed, failure } from "./failure.ts"
import { type End, type FollowWant, follow, type Upgraded } from "./follow.ts"
import { couldLockOut } from "./lock-out.ts"
import { meetAgain } from "./meet-again.ts"
import { epochWords, home, transactionDirectory } from "./paths.ts"
import { refuseUpload, type Upload, uploadFailed, uploadScript } from "./upload.ts"

export interface TransactionWant extends Upload {
  /** How long the machine waits for {@link Applied.confirm} before it undoes by itself. */
  readonly confirmMs: number
  /** Called with the number of each step, from 1, when it begins. */
  readonly onStep?: (number: number) => void
  /** Called with the process that holds the package manager's lock, when a step has to wait for it. */
  readonly onWait?: (holder: string) => void
}

/** All steps are done; the machine waits for a word. */
export interface Applied {
  /** Packages that came, those asked for included. */
  readonly packages: readonly string[]
  readonly upgraded: Upgraded
  /**
   * Makes sure that the machine still lets the controller in: over a new connection, where a step could have locked it
   * out. To be done before {@link Applied.confirm}.
   *
   * @throws FireclayError FC_UNCONFIRMED when it does not, in time; it undoes by itself then
   */
  readonly reach: () => Promise<void>
  /**
   * Makes it so: from now on the machine is at this state.
   *
   * @throws FireclayError FC_UNCONFIRMED when the word did not arrive in time
   */
  readonly confirm: (state: MachineState) => Promise<void>
  /** Undoes everything; resolves when the machine is back where it was. */
  readonly abort: () => Promise<void>
}

/**
 * Does the steps on a machine as one transaction. It runs there, detached: a lost connection stops nothing, this side
 * reconnects and reads on. A step that fails has been undone, with all before it, when the error arrives.
 *
 * @throws FireclayError FC_STEP_FAILED, FC_PACKAGES_LOCKED, FC_MACHINE_COMMAND, FC_MACHINE_LOCKED, FC_FENCED, FC_PLAN_STALE, FC_MACHINE_BROKEN,
 *   FC_MACHINE_UNREACHABLE
 */
export const transact = async (machine: Machine, want: TransactionWant): Promise<Applied> => {
  const { script, input } = await uploadScript(want)
  const words = `apply ${quote(want.id)} ${Math.ceil(want.confirmMs / 1000)}`
  const end = await rest(machine, want, {
    first: `${script}\n${launch(want.id, words)}`,
    input,
    once: true,
    onStep: want.onStep,
    onWait: want.onWait,
  })
  if (end.status !== "applied") throw await failure(machine, want, end)
  const deadline = performance.now() + want.confirmMs
  return {
    packages: end.packages,
    upgraded: end.upgraded,
    reach: async () => {
      if (couldLockOut(want.steps)) await meetAgain(machine, want.id, deadline)
    },
    confirm: async (state) => {
      const after = await rest(machine, want, { ...wordOf(want.id, state), passing: ["applied"] })
      if (after.status !== "committed") throw await failure(machine, want, after)
    },
    abort: () => abort(machine, want),
  }
}

/** What undoing left behind. */
export interface Undone {
  /** Where things are now that others had put where undoing removed a directory. */
  readonly kept: readonly string[]
}

/**
 * Takes back the last transaction of a machine, committed or not. Exact: files, packages, accounts and units are put
 * back from what was displaced.
 *
 * @param epoch the lease under which it is taken back
 * @throws FireclayError FC_MACHINE_BROKEN when something could not be restored; FC_MACHINE_LOCKED, FC_FENCED
 */
export const undoTransaction = async (machine: Machine, id: string, epoch?: Epoch): Promise<Undone> => {
  const want = { id, steps: [], epoch }
  const words = `undo ${quote(id)}${epoch === undefined ? "" : ` ${epochWords(epoch)}`}`
  const end = await rest(machine, want, { first: launch(id, words), once: true, passing: ["committed", "applied"] })
  if (end.status !== "undone") throw await failure(machine, want, end)
  return { kept: end.kept }
}

/** Does the steps in an image that is being made. Nothing is journaled: a scratch machine that fails is thrown away. */
export const bakeSteps = async (
  machine: Machine,
  want: Upload & { readonly environment?: { readonly [name: string]: string } },
): Promise<void> => {
  const { script, input } = await uploadScript(want)
  const directory = transactionDirectory(want.id)
  const variables = Object.entries(want.environment ?? {}).map(([name, value]) => `${name}=${value}`)
  const before = variables.length === 0 ? [] : ["env", ...variables]
  const bake = `${quoteAll([...before, "sh", "library.sh", "bake", want.id])} </dev/null`
  const { exitCode, stderr } = await machine.sh(`${script}\n${bake} && cd / && rm -rf -- ${home}`, { input })
  if (exitCode === uploadFailed) throw await refuseUpload(machine, want.id, stderr.toString())
  if (exitCode !== 0) {
    const { stdout } = await machine.sh(`sed -n 's/^fail //p' ${quote(`${directory}/events`)}`)
    const failedStep = stdout.length === 0 ? undefined : Number(stdout.toString())
    throw await failure(machine, want, { ...noEnd, status: "failed", failedStep })
  }
}

const noEnd: End = {
  status: "",
  failedStep: undefined,
  detail: "",
  unready: false,
  unconfirmed: false,
  packages: [],
  kept: [],
  upgraded: { moves: [], restarted: [], stale: [], keptFiles: [] },
}

/** Starts the library on the machine, apart from the connection. */
const launch = (id: string, words: string): string =>
  [
    `cd ${quote(transactionDirectory(id))} || exit 1`,
    `setsid sh ${quote(`${transactionDirectory(id)}/library.sh`)} ${words} >/dev/null 2>>log </dev/null & printf '%s\\n' $! > pid`,
  ].join("\n")

/** Follows it to where it rests. */
const rest = async (machine: Machine, want: Failed, how: Omit<FollowWant, "id">): Promise<End> => {
  const end = await follow(machine, { id: want.id, ...how })
  if (!("refused" in end)) return end
  const { exitCode, stderr } = end.refused
  if (exitCode === uploadFailed) throw await refuseUpload(machine, want.id, stderr.toString())
  if (exitCode === wordFailed) {
    await abort(machine, want)
    throw new FireclayError(
      "FC_UNCONFIRMED",
      "the machine could not keep the controller's word; it is back where it was",
      {
        at: machine.name,
        remedy: `is there room under ${home}?`,
        details: stderr.toString().trimEnd().split("\n"),
      },
    )
  }
  // Another transaction has taken it away.
  return noEnd
}

const wordFailed = 83

/**
 * The state travels first, the word after it: the machine never commits without knowing to what. A word whose answer
 * was lost is given again, which changes nothing where it had arrived.
 */
const wordOf = (id: string, state: MachineState): Pick<FollowWant, "first" | "input"> => ({
  first: [
    `cd ${quote(transactionDirectory(id))} || exit 1`,
    `if [ ! -e confirm ] && [ ! -e abort ]; then cat > next.json.new && mv -f next.json.new next.json && printf '' > confirm || exit ${wordFailed}; fi`,
  ].join("\n"),
  input: Buffer.from(`${JSON.stringify(state)}\n`),
})

const abort = async (machine: Machine, want: Failed): Promise<void> => {
  const first = `cd ${quote(transactionDirectory(want.id))} || exit 1\nprintf '' > abort`
  const after = await rest(machine, want, { first, passing: ["applied"] })
  if (after.status !== "undone") throw await failure(machine, want, after)
}
