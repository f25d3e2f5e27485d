import { isFireclayError, type Machine, type Output, type PackageMove } from "../../contract/index.ts"
import { quote } from "../quote.ts"
import { transactionDirectory } from "./paths.ts"

/** What upgrades did beyond what was asked of them. */
export interface Upgraded {
  /** Each package whose version is another now. */
  readonly moves: readonly PackageMove[]
  /** Units that were started again, because they ran what was replaced. */
  readonly restarted: readonly string[]
  /** What still runs what was replaced, and takes no such orders. */
  readonly stale: readonly string[]
  /** Files of configuration that were changed on the machine and so kept; the new one lies beside. */
  readonly keptFiles: readonly string[]
}

/** Where a transaction came to rest, and what it said on the way. */
export interface End {
  /** As in `library/main.sh`; empty: it never began. */
  readonly status: string
  readonly failedStep: number | undefined
  /** The words behind the last event, such as who holds a lock. */
  readonly detail: string
  /** Who kept the package manager's lock for longer than was waited. */
  readonly busy?: string | undefined
  /** It could not begin. */
  readonly unready: boolean
  /** It waited in vain for the controller's word. */
  readonly unconfirmed: boolean
  /** Packages that came. */
  readonly packages: readonly string[]
  /** Where things are now that others had put where undoing removed a directory. */
  readonly kept: readonly string[]
  readonly upgraded: Upgraded
}

export interface FollowWant {
  readonly id: string
  /** Runs first, in the same round trip. One that was done already does nothing when it is sent again. */
  readonly first?: string
  readonly input?: Uint8Array
  /** True: `first` is not sent again when the connection is lost, for it has begun. */
  readonly once?: boolean
  /** Called with the number of each step, from 1, when it begins. */
  readonly onStep?: ((number: number) => void) | undefined
  /** Called with whom a step waits for. */
  readonly onWait?: ((holder: string) => void) | undefined
  /** States to read past, because this side has spoken since. */
  readonly passing?: readonly string[]
  readonly signal?: AbortSignal
}

/** How often a lost connection is made anew before the machine counts as gone: it undoes by itself then. */
const reconnects = 5

/** How {@link follow}'s script ends when there is no such transaction. */
const missing = 80

/**
 * Reads events until the transaction rests. A lost connection is made anew, and the machine asked again.
 *
 * @throws FireclayError FC_MACHINE_UNREACHABLE
 * @returns how it ended, or what `first` printed where that failed
 */
export const follow = async (machine: Machine, want: FollowWant): Promise<End | { readonly refused: Output }> => {
  const reader = new EventReader(want)
  let lost: unknown
  for (let attempt = 1; ; attempt += 1) {
    const begin = want.first !== undefined && (attempt === 1 || want.once !== true)
    const script = [...(begin ? [want.first] : []), followScript(want.id, want.passing ?? [], reader.seen)]
    try {
      const output = await machine.sh(script.join("\n"), {
        ...(begin && want.input !== undefined ? { input: want.input } : {}),
        ...(want.signal === undefined ? {} : { signal: want.signal }),
        onStdout: (chunk) => reader.add(chunk),
      })
      if (output.exitCode === 0) return reader.end()
      if (output.exitCode === missing && lost !== undefined) throw lost
      return { refused: output }
    } catch (error) {
      const gone = isFireclayError(error) && error.code === "FC_MACHINE_UNREACHABLE" && error !== lost
      if (!gone || attempt === reconnects || want.signal?.aborted === true) throw error
      lost = error
      reader.forgetPartialLine()
    }
  }
}

/** Prints each new event, and last the status. A transaction whose process died is ended here and now. */
const followScript = (id: string, passing: readonly string[], seen: number): string =>
  [
    `cd ${quote(transactionDirectory(id))} && [ -e pid ] || exit ${missing}`,
    `fc_n=${seen}; fc_h=; read -r fc_p < pid; : >> events; exec 3< events`,
    "while :; do",
    '  fc_s=; fc_a=; { read -r fc_s < status; } 2>/dev/null; kill -0 "$fc_p" 2>/dev/null && fc_a=yes',
    // Dead, but not yet buried: where the first process is no init, it never will be.
    '  { read -r _ _ fc_z _ < "/proc/$fc_p/stat"; } 2>/dev/null && [ "$fc_z" = Z ] && fc_a=',
    // A line may be met before it is whole.
    '  while IFS= read -r fc_l <&3; do if [ "$fc_n" -gt 0 ]; then fc_n=$((fc_n - 1)); else printf "%s\\n" "$fc_h$fc_l"; fi; fc_h=; done; fc_h=$fc_h$fc_l',
    `  case $fc_s in running|undoing|''${passing.map((status) => `|${status}`).join("")}) ;; *) break;; esac`,
    `  if [ -z "$fc_a" ]; then [ "$(cat status 2>/dev/null)" = "$fc_s" ] || continue; sh library.sh recover >/dev/null 2>&1; break; fi`,
    "  sleep 0.03",
    "done",
    "[ ! -e packages ] || sed 's/^/package /' packages",
    'printf "status %s\\n" "$(cat status 2>/dev/null)"',
  ].join("\n")

/** `PID NAME`, as the machine notes it. */
const describeProcess = ([pid = "", ...name]: readonly string[]): string => `${name.join(" ")} (process ${pid})`

type Listener = Pick<FollowWant, "onStep" | "onWait">

class EventReader {
  readonly #listener: Listener
  #partial = ""
  #status = ""
  #failedStep: number | undefined
  #detail = ""
  #refused = ""
  #overtaken = false
  #unready = false
  #busy: string | undefined
  #unconfirmed = false
  #packages: string[] = []
  readonly #kept: string[] = []
  readonly #moves: PackageMove[] = []
  readonly #said = new Map<string, string[]>()
  /** Events that need not be read again. */
  seen = 0

  constructor(listener: Listener) {
    this.#listener = listener
  }

  add(chunk: Buffer): void {
    const lines = (this.#partial + chunk.toString()).split("\n")
    this.#partial = lines.pop() ?? ""
    for (const line of lines) this.#read(line)
  }

  forgetPartialLine(): void {
    this.#partial = ""
    this.#packages = []
  }

  end(): End {
    const said = this.#overtaken && this.#status !== "broken" ? "fenced" : this.#refused
    return {
      status: said === "" ? this.#status : said,
      failedStep: this.#failedStep,
      detail: this.#detail,
      unready: this.#unready,
      busy: this.#busy,
      unconfirmed: this.#unconfirmed,
      packages: this.#packages,
      kept: this.#kept,
      upgraded: {
        moves: this.#moves,
        restarted: this.#said.get("restarted") ?? [],
        stale: this.#said.get("stale") ?? [],
        keptFiles: this.#said.get("left") ?? [],
      },
    }
  }

  #read(line: string): void {
    const [word = "", ...rest] = line.split(" ")
    const words = rest.join(" ")
    if (word === "status") this.#status = words
    else if (word === "package") this.#packages.push(words)
    else this.seen += 1
    if (refusals.has(word)) this.#refused = word
    else if (word === "overtaken") this.#overtaken = true
    // One that was refused may have begun at a later try.
    else if (word !== "status" && word !== "package") this.#refused = ""
    if (word === "begin") this.#listener.onStep?.(Number(words))
    if (word === "waiting") this.#listener.onWait?.(describeProcess(rest))
    if (word === "busy") this.#busy = describeProcess(rest)
    if (word === "fail") this.#failedStep = Number(words)
    if (word === "kept") this.#kept.push(words)
    if (word === "moved") this.#moves.push(toMove(rest))
    if (aboutUpgrades.has(word)) this.#said.set(word, [...(this.#said.get(word) ?? []), words])
    if (word === "unready") this.#unready = true
    if (word === "unconfirmed") this.#unconfirmed = true
    if (explained.has(word)) this.#detail = words
  }
}

/** `NAME FROM TO`; a dash: none. */
const toMove = ([name = "", from = "-", to = "-"]: readonly string[]): PackageMove => ({
  name,
  from: from === "-" ? null : from,
  to: to === "-" ? null : to,
})

const aboutUpgrades: ReadonlySet<string> = new Set(["restarted", "stale", "left"])

/** Words of a machine that does not let a transaction begin, or go on. */
const refusals: ReadonlySet<string> = new Set(["locked", "stale", "fenced", "unkept"])

/** Words of events that more words follow. */
const explained: ReadonlySet<string> = new Set([...refusals, "stuck", "overtaken"])
