import { FireclayError, type Machine } from "../../contract/index.ts"
import { home } from "./paths.ts"

const settleSeconds = 90

/**
 * Ends what a dead controller left open on a machine: a transaction that still waits for its word is told to undo, one
 * whose process died is undone. Only the holder of the fleet's lease may do this.
 *
 * @throws FireclayError FC_MACHINE_LOCKED when a transaction does not come to rest
 */
export const settle = async (machine: Machine): Promise<void> => {
  const { exitCode } = await machine.sh(script)
  if (exitCode === 0) return
  throw new FireclayError(
    "FC_MACHINE_LOCKED",
    `a transaction on ${machine.name} did not come to rest in ${settleSeconds} s`,
    {
      at: machine.name,
      remedy: `see ${home}/txn on the machine`,
    },
  )
}

const script = [
  `[ -d ${home}/txn ] || exit 0`,
  `fc_end=$(($(date +%s) + ${settleSeconds}))`,
  `for fc_t in ${home}/txn/*; do`,
  '  [ -e "$fc_t/library.sh" ] || { rm -rf -- "$fc_t"; continue; }',
  "  while :; do",
  '    case "$(cat "$fc_t/status" 2>/dev/null)" in running|applied|undoing) ;; "") rm -rf -- "$fc_t"; break;; *) break;; esac',
  '    : > "$fc_t/abort"',
  '    sh "$fc_t/library.sh" recover >/dev/null 2>&1',
  '    [ -d "$fc_t" ] || break',
  '    [ "$(date +%s)" -lt "$fc_end" ] || exit 1',
  "    sleep 0.1",
  "  done",
  "done",
].join("\n")
