import { readFile } from "node:fs/promises"
import { type Epoch, FireclayError, type Machine } from "../../contract/index.ts"
import { quote } from "../quote.ts"
import { epochKey, home } from "./paths.ts"
import { fencedOff, lockedBy } from "./refusal.ts"

const settleSeconds = 90

/** Who settles: the holder of the fleet's lease. */
export interface Settler {
  readonly epoch: Epoch
  /** For those who are fenced off to read: one line. */
  readonly holder: string
}

/**
 * Fences off whoever led this fleet before, and ends what a dead controller left open on a machine: a transaction of
 * the same store that still waits for its word is told to undo, one whose process died is undone, whoever began it.
 * What a controller with another store is doing is left to it.
 *
 * @param settler absent: nobody else knows the machine
 * @throws FireclayError FC_MACHINE_LOCKED with who, what and since when; FC_FENCED when a newer controller was here
 */
export const settle = async (machine: Machine, settler?: Settler): Promise<void> => {
  fence ??= readFile(new URL("./library/fence.sh", import.meta.url), "utf8")
  const { exitCode, stdout, stderr } = await machine.sh(scriptFor(await fence, settler))
  const said = stdout.toString().trim()
  if (exitCode === exits.fenced) throw fencedOff(machine, said)
  if (exitCode === exits.locked) throw lockedBy(machine, said)
  if (exitCode === exits.unkept)
    throw new FireclayError("FC_MACHINE_COMMAND", `${machine.name} cannot keep what it has to know of this run`, {
      at: machine.name,
      remedy: `can ${home} be written there?`,
      details: stderr.toString().trimEnd().split("\n"),
    })
  if (exitCode !== 0)
    throw new FireclayError(
      "FC_MACHINE_LOCKED",
      `a transaction on ${machine.name} did not come to rest in ${settleSeconds} s`,
      {
        at: machine.name,
        remedy: `see ${home}/txn on the machine`,
      },
    )
}

let fence: Promise<string> | undefined

const exits = { slow: 1, unkept: 4, fenced: 5, locked: 6 } as const

const scriptFor = (library: string, settler: Settler | undefined): string =>
  [
    `FC=${home}; fc_key=${settler === undefined ? "" : epochKey(settler.epoch)}; fc_token=${settler?.epoch.token ?? 0}`,
    library,
    raise(settler),
    '[ -d "$FC/txn" ] || exit 0',
    `fc_end=$(($(date +%s) + ${settleSeconds}))`,
    ended,
    'for fc_t in "$FC"/txn/*; do',
    "  fc_tries=0",
    // Of one that is being sent just now, not even the library is there: the library removes it if nobody begins it.
    '  [ -e "$fc_t/library.sh" ] || { [ -n "$fc_key" ] || rm -rf -- "$fc_t"; continue; }',
    '  fc_k=; fc_n=0; { read -r fc_k fc_n; } 2>/dev/null <"$fc_t/epoch"',
    '  fc_mine=; if [ -z "$fc_k" ] || { [ "$fc_k" = "$fc_key" ] && [ "$fc_n" -lt "$fc_token" ]; }; then fc_mine=yes; fi',
    "  while :; do",
    '    case "$(cat "$fc_t/status" 2>/dev/null)" in running|applied|undoing) ;; "") [ -z "$fc_mine" ] || rm -rf -- "$fc_t"; break;; *) break;; esac',
    '    [ -z "$fc_mine" ] || : > "$fc_t/abort"',
    '    sh "$fc_t/library.sh" recover >/dev/null 2>&1',
    '    ended "$fc_t" && break',
    "    fc_tries=$((fc_tries + 1))",
    // Another one that looked may have held the lock for a moment.
    `    if [ -z "$fc_mine" ] && [ "$fc_tries" -gt 10 ]; then head -n 1 "$fc_t/holder"; exit ${exits.locked}; fi`,
    `    [ "$(date +%s)" -lt "$fc_end" ] || exit ${exits.slow}`,
    "    sleep 0.1",
    "  done",
    "done",
  ].join("\n")

/** Before anything is looked at: from here on nobody before this controller changes the machine. */
const raise = (settler: Settler | undefined): string =>
  settler === undefined
    ? ""
    : [
        `(umask 077; mkdir -p "$FC" && chmod 700 "$FC" && fence "$fc_key" "$fc_token" ${quote(settler.holder)})`,
        `case $? in 0) ;; 1) exit ${exits.fenced};; *) exit ${exits.unkept};; esac`,
      ].join("\n")

const ended =
  'ended() { [ -d "$1" ] || return 0; case "$(cat "$1/status" 2>/dev/null)" in running|applied|undoing) return 1;; esac; }'
