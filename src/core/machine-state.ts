import { type Content, FireclayError, type Json, type Machine } from "../contract/index.ts"
import { home } from "./transaction/paths.ts"

/** What a machine knows about itself: `current.json`. */
export interface MachineState {
  readonly schema: 1
  readonly project: string
  readonly fleet: string
  /** Identity of the store that counts these releases. Absent: written by an earlier Fireclay. */
  readonly store?: string
  /** Who brought it here, for others to read. */
  readonly by?: string
  /** `undefined`: only limited runs were ever here. */
  readonly release: number | undefined
  readonly digest: string | undefined
  /** The transaction that brought it here; it can be undone as long as it is the last. */
  readonly transaction: string
  /** Each resource as it was last applied, in order. */
  readonly resources: readonly AppliedResource[]
  /** Directories that were made because a path needed them. */
  readonly directories: readonly string[]
  /** Packages that came along with those that were asked for. */
  readonly packages: readonly string[]
  /** Of packages that patches brought to another version: the one that was there before the first of them. */
  readonly replaced?: { readonly [name: string]: string }
  /** A limited run has changed it since: its release is not what it is. */
  readonly limited?: true
  /** Reactions that are still to come. */
  readonly owed?: readonly Debt[]
}

/** A restart or reload that did not happen, because the run that gave cause to it left the resource out. */
export interface Debt {
  /** Who has to react. */
  readonly resource: string
  /** The resources that changed. */
  readonly because: readonly string[]
  /** ISO 8601. */
  readonly since: string
}

export interface AppliedResource {
  readonly type: string
  readonly id: string
  readonly want: Json
  readonly contents: readonly Content[]
  /** Fireclay made it, so Fireclay may remove it. */
  readonly created: boolean
}

/** What a machine says of itself before it is looked at. */
export interface MachineReport {
  /** `undefined`: Fireclay never delivered to it. */
  readonly state: MachineState | undefined
  /** Something that could not be undone is in the way of everything else. */
  readonly broken: string | undefined
  /** The transactions and how each ended: whatever changes the machine changes this. */
  readonly turn: string
  /** Who is changing the machine just now; empty: nobody. */
  readonly busy: string
}

/**
 * Reads `current.json`. What an earlier run left open, because it or the machine died, is ended first.
 *
 * @throws FireclayError FC_MACHINE_UNREACHABLE, FC_OBSERVE
 */
export const readMachineState = async (machine: Machine): Promise<MachineReport> => {
  const { stdout } = await machine.sh(`${askMachineState}\nexit 0`)
  return parseMachineState(machine, stdout.toString().split("\0"))
}

/** The script for it, so that it can travel with other questions, ahead of them. Its fields end in NUL. */
export const askMachineState = [
  `if [ -d ${home}/txn ]; then`,
  `for fc_t in ${home}/txn/*; do fc_s=; { read -r fc_s <"$fc_t/status"; } 2>/dev/null; case $fc_s in`,
  `running|applied|undoing|'') [ ! -e "$fc_t/library.sh" ] || sh "$fc_t/library.sh" recover >/dev/null 2>&1; break;; esac; done`,
  `for fc_t in ${home}/txn/*/broken; do if [ -s "$fc_t" ]; then head -n 1 "$fc_t"; break; fi; done; fi`,
  `printf '\\0'; cat ${home}/current.json 2>/dev/null; printf '\\0'`,
  // In the order that the library sees them in.
  `(LC_ALL=C; fc_h=; for fc_t in ${home}/txn/*; do fc_s=; { read -r fc_s; } 2>/dev/null <"$fc_t/status"`,
  'case $fc_s in running|applied|undoing) { read -r fc_h; } 2>/dev/null <"$fc_t/holder";; esac',
  'case $fc_s in running|applied|committed|undoing|undone|broken) printf \'%s=%s \' "${fc_t##*/}" "$fc_s";; esac; done',
  `printf '\\0%s\\0' "$fc_h")`,
].join("\n")

export const parseMachineState = (
  machine: Machine,
  [broken = "", json = "", turn = "", busy = ""]: readonly string[],
): MachineReport => ({
  broken: broken === "" ? undefined : broken.trim(),
  state: json === "" ? undefined : parse(machine, json),
  turn,
  busy,
})

const parse = (machine: Machine, json: string): MachineState => {
  try {
    const state = JSON.parse(json) as MachineState
    if (state.schema === 1 && Array.isArray(state.resources)) return state
  } catch (cause) {
    throw unreadable(machine, cause)
  }
  throw unreadable(machine, undefined)
}

const unreadable = (machine: Machine, cause: unknown): FireclayError =>
  new FireclayError("FC_OBSERVE", `${home}/current.json cannot be read`, {
    at: machine.name,
    remedy: "a newer Fireclay may have written it; use that one",
    cause,
  })
