import { type Epoch, FireclayError, isFireclayError, type Machine, type Step } from "../../contract/index.ts"
import type { MachineState } from "../machine-state.ts"
import { quote } from "../quote.ts"
import { epochWords, home, transactionDirectory } from "./paths.ts"
import { refusal } from "./refusal.ts"
import { type Upload, upload } from "./upload.ts"

export interface TransactionWant extends Upload {
  /** How long the machine waits for {@link Applied.confirm} before it undoes by itself. */
  readonly confirmMs: number
  /** Called with the number of each step, from 1, when it begins. */
  readonly onStep?: (number: number) => void
}

/** All steps are done; the machine waits for a word. */
export interface Applied {
  /** Packages that came, those asked for included. */
  readonly packages: readonly string[]
  /** Makes it so: from now on the machine is at this state. */
  readonly confirm: (state: MachineState) => Promise<void>
  /** Undoes everything; resolves when the machine is back where it was. */
  readonly abort: () => Promise<void>
}

/**
 * Does the steps on a machine as one transaction. It runs there, detached: a lost connection stops nothing, this side
 * reconnects and reads on. A step that fails has been undone, with all before it, when the error arrives.
 *
 * @throws FireclayError FC_STEP_FAILED, FC_MACHINE_LOCKED, FC_FENCED, FC_PLAN_STALE, FC_MACHINE_BROKEN,
 *   FC_MACHINE_UNREACHABLE
 */
export const transact = async (machine: Machine, want: TransactionWant): Promise<Applied> => {
  await upload(machine, want)
  await launch(machine, want.id, `apply ${quote(want.id)} ${Math.ceil(want.confirmMs / 1000)}`)
  const end = await follow(machine, want.id, want.onStep)
  if (end.status !== "applied") throw await failure(machine, want, end)
  return {
    packages: await readPackages(machine, want.id),
    confirm: async (state) => {
      await giveWord(machine, want.id, state)
      const after = await follow(machine, want.id, undefined, ["applied"])
      if (after.status !== "committed") throw await failure(machine, want, after)
    },
    abort: async () => {
      await machine.sh(`: > ${quote(`${transactionDirectory(want.id)}/abort`)}`)
      const after = await follow(machine, want.id, undefined, ["applied"])
      if (after.status !== "undone") throw await failure(machine, want, after)
    },
  }
}

/**
 * Takes back the last transaction of a machine, committed or not. Exact: files, packages, accounts and units are put
 * back from what was displaced.
 *
 * @param epoch the lease under which it is taken back
 * @throws FireclayError FC_MACHINE_BROKEN when something could not be restored; FC_MACHINE_LOCKED, FC_FENCED
 */
export const undoTransaction = async (machine: Machine, id: string, epoch?: Epoch): Promise<void> => {
  await launch(machine, id, `undo ${quote(id)}${epoch === undefined ? "" : ` ${epochWords(epoch)}`}`)
  const end = await follow(machine, id, undefined, ["committed", "applied"])
  if (end.status !== "undone") throw await failure(machine, { id, steps: [], epoch }, end)
}

/** Does the steps in an image that is being made. Nothing is journaled: a scratch machine that fails is thrown away. */
export const bakeSteps = async (machine: Machine, want: Upload): Promise<void> => {
  await upload(machine, want)
  const directory = transactionDirectory(want.id)
  const { exitCode } = await machine.sh(`sh ${quote(`${directory}/library.sh`)} bake ${quote(want.id)}`)
  if (exitCode !== 0)
    throw await failure(machine, want, { status: "failed", failedStep: await lastFailed(machine, want.id), detail: "" })
  await machine.sh(`rm -rf -- ${home}`)
}

interface End {
  readonly status: string
  readonly failedStep: number | undefined
  /** The words behind the last event, such as who holds a lock. */
  readonly detail: string
}

const launch = async (machine: Machine, id: string, words: string): Promise<void> => {
  const library = quote(`${transactionDirectory(id)}/library.sh`)
  await machine.sh(
    `setsid sh ${library} ${words} >/dev/null 2>>${quote(`${transactionDirectory(id)}/log`)} </dev/null & printf '%s' $! > ${quote(`${transactionDirectory(id)}/pid`)}`,
  )
}

/** How often a lost connection is made anew before the machine counts as gone: it undoes by itself then. */
const reconnects = 5

/** Reads events until the transaction rests. `passing`: states to read past, because this side has spoken since. */
const follow = async (
  machine: Machine,
  id: string,
  onStep?: (number: number) => void,
  passing: readonly string[] = [],
): Promise<End> => {
  const reader = new EventReader(onStep)
  for (let attempt = 1; ; attempt += 1) {
    try {
      await machine.sh(followScript(id, passing, reader.seen), { onStdout: (chunk) => reader.add(chunk) })
      return reader.end()
    } catch (error) {
      if (!isFireclayError(error) || error.code !== "FC_MACHINE_UNREACHABLE" || attempt === reconnects) throw error
      reader.forgetPartialLine()
    }
  }
}

/** Prints each new event, and last the status. A transaction whose process died is ended here and now. */
const followScript = (id: string, passing: readonly string[], seen: number): string =>
  [
    `cd ${quote(transactionDirectory(id))} || exit 1`,
    `fc_n=${seen}; fc_p=$(cat pid); : >> events`,
    "while :; do",
    '  fc_s=$(cat status 2>/dev/null); fc_a=; kill -0 "$fc_p" 2>/dev/null && fc_a=yes',
    // Dead, but not yet buried: where the first process is no init, it never will be.
    '  { read -r _ _ fc_z _ < "/proc/$fc_p/stat"; } 2>/dev/null && [ "$fc_z" = Z ] && fc_a=',
    "  fc_c=$(wc -l < events)",
    '  if [ "$fc_c" -gt "$fc_n" ]; then sed -n "$((fc_n + 1)),${fc_c}p" events; fc_n=$fc_c; fi',
    `  case $fc_s in running|undoing|''${passing.map((status) => `|${status}`).join("")}) ;; *) break;; esac`,
    `  if [ -z "$fc_a" ]; then [ "$(cat status 2>/dev/null)" = "$fc_s" ] || continue; sh library.sh recover >/dev/null 2>&1; break; fi`,
    "  sleep 0.03",
    "done",
    'printf "status %s\\n" "$(cat status)"',
  ].join("\n")

class EventReader {
  readonly #onStep: ((number: number) => void) | undefined
  #partial = ""
  #status = ""
  #failedStep: number | undefined
  #detail = ""
  #refused = ""
  #overtaken = false
  seen = 0

  constructor(onStep?: (number: number) => void) {
    this.#onStep = onStep
  }

  add(chunk: Buffer): void {
    const lines = (this.#partial + chunk.toString()).split("\n")
    this.#partial = lines.pop() ?? ""
    for (const line of lines) this.#read(line)
  }

  forgetPartialLine(): void {
    this.#partial = ""
  }

  end(): End {
    const said = this.#overtaken && this.#status !== "broken" ? "fenced" : this.#refused
    return { status: said === "" ? this.#status : said, failedStep: this.#failedStep, detail: this.#detail }
  }

  #read(line: string): void {
    const [word = "", ...rest] = line.split(" ")
    if (word === "status") this.#status = rest[0] ?? ""
    else this.seen += 1
    if (refusals.has(word)) this.#refused = word
    else if (word === "overtaken") this.#overtaken = true
    // One that was refused may have begun at a later try.
    else if (word !== "status") this.#refused = ""
    if (word === "begin") this.#onStep?.(Number(rest[0]))
    if (word === "fail") this.#failedStep = Number(rest[0])
    if (explained.has(word)) this.#detail = rest.join(" ")
  }
}

/** Words of a machine that does not let a transaction begin, or go on. */
const refusals: ReadonlySet<string> = new Set(["locked", "stale", "fenced", "unkept"])

/** Words of events that more words follow. */
const explained: ReadonlySet<string> = new Set([...refusals, "stuck", "unconfirmed", "overtaken"])

const readPackages = async (machine: Machine, id: string): Promise<readonly string[]> => {
  const { stdout } = await machine.sh(`cat ${quote(`${transactionDirectory(id)}/packages`)} 2>/dev/null; exit 0`)
  return stdout
    .toString()
    .split("\n")
    .filter((line) => line !== "")
}

/** The state travels first, the word after it: the machine never commits without knowing to what. */
const giveWord = async (machine: Machine, id: string, state: MachineState): Promise<void> => {
  await machine.sh(`cd ${quote(transactionDirectory(id))} && cat > next.json && sync next.json && : > confirm`, {
    input: Buffer.from(`${JSON.stringify(state)}\n`),
  })
}

const lastFailed = async (machine: Machine, id: string): Promise<number | undefined> => {
  const { stdout } = await machine.sh(`sed -n 's/^fail //p' ${quote(`${transactionDirectory(id)}/events`)}`)
  return stdout.length === 0 ? undefined : Number(stdout.toString())
}

const failure = async (
  machine: Machine,
  want: { readonly id: string; readonly steps: readonly Step[]; readonly epoch?: Epoch | undefined },
  end: End,
): Promise<FireclayError> => {
  const refused = await refusal(machine, want.id, want.epoch, end)
  if (refused !== undefined) return refused
  const { stdout } = await machine.sh(
    `cd ${quote(transactionDirectory(want.id))} && { if [ -e failure ]; then tail -n 14 failure; else tail -n 14 log; fi; printf '\\0'; cat unrestored; } 2>/dev/null; exit 0`,
  )
  const [details = [], unrestored = []] = stdout.toString().split("\0").map(linesOf)
  if (end.status === "broken")
    return new FireclayError(
      "FC_MACHINE_BROKEN",
      `${machine.name} could not be brought back: ${describeStuck(want.steps, end.detail)}`,
      {
        at: machine.name,
        remedy: `mend it by hand, then remove ${transactionDirectory(want.id)}`,
        details,
      },
    )
  const step = end.failedStep === undefined ? undefined : want.steps[end.failedStep - 1]
  const what =
    step === undefined
      ? "no word came from the controller in time"
      : `step ${end.failedStep} of ${want.steps.length} failed: ${describeStep(step)}`
  const back = `; the machine is back where it was${unrestored.length > 0 ? ", but for commands without undo" : ""}`
  const state = end.status === "undone" ? back : ""
  return new FireclayError("FC_STEP_FAILED", `${what}${state}`, {
    at: machine.name,
    details: [...details, ...unrestored.map((command) => `not taken back: ${command}`)],
    remedy: "see the lines above; then apply again",
  })
}

const linesOf = (text: string): readonly string[] =>
  text
    .trimEnd()
    .split("\n")
    .filter((line) => line !== "")

/** The step whose undo failed, by its number; or what was owed to a unit. */
const describeStuck = (steps: readonly Step[], detail: string): string => {
  const step = steps[Number(detail) - 1]
  if (step !== undefined) return `step ${detail}, ${describeStep(step)}`
  return /^\d+$/.test(detail) ? `step ${detail}` : detail
}

/** A step in words. */
export const describeStep = (step: Step): string => {
  const words = step.do.replaceAll("-", " ")
  if ("path" in step) return `${words} ${step.path}`
  if ("unit" in step) return `${words.replace(" unit", "")} ${step.unit}`
  if ("packages" in step)
    return `${words} ${step.packages.map((entry) => (typeof entry === "string" ? entry : entry.name)).join(" ")}`
  if ("argv" in step) return `run ${step.argv.join(" ")}`
  return "name" in step ? `${words} ${step.name}` : words
}
