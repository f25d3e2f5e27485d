import { join } from "node:path"
import type { ProcessWant } from "../../contract/index.ts"
import { lastLines } from "../../system/process.ts"
import { superviseArgv } from "../supervise.ts"
import { readText } from "./files.ts"
import type { Parts } from "./place.ts"

/** What runs in an instance that boots no systemd, as its second process: the program, started again whenever it ends. */
export const programArgv = (process: ProcessWant): readonly string[] => superviseArgv(process, { again: true })

/** What a server does not need of the rights that root has in a machine which boots. */
export const needlessCapabilities = [
  ...["AUDIT_CONTROL", "AUDIT_WRITE", "IPC_OWNER", "LEASE", "LINUX_IMMUTABLE", "MKNOD", "NET_ADMIN", "NET_RAW"],
  ...["SETFCAP", "SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT", "SYS_NICE", "SYS_PTRACE", "SYS_RESOURCE", "SYS_TTY_CONFIG"],
].map((name) => `CAP_${name}`)

/**
 * Starts a program whose words go to a file, of which there is one more: ten megabytes at most, or so many lines, are
 * kept in each. They pass through a pipe that has a name, so that a program may also open it as `/dev/stdout`.
 */
export const loggedArgv = (files: Parts, argv: readonly string[]): readonly string[] => [
  ...["sh", "-c", logged, "sh", pipeOf(files), files.log, olderLog(files)],
  ...argv,
]

const logged = `
fc_pipe=$1 fc_log=$2 fc_older=$3; shift 3
rm -f "$fc_pipe" && mkfifo -m 666 "$fc_pipe" || exit 1
[ ! -s "$fc_log" ] || mv -f "$fc_log" "$fc_older"
(
  exec <"$fc_pipe" >/dev/null 2>&1
  # It says "FULL+PART records in": as many as it may take, unless all has been said.
  while fc_took=$(LC_ALL=C dd bs=1024 count=10240 of="$fc_log" 2>&1)
    fc_full=\${fc_took%%+*} fc_part=\${fc_took#*+}
    [ "$((fc_full + \${fc_part%% *}))" -ge 10240 ]
  do mv -f "$fc_log" "$fc_older"; done
) &
exec "$@" >"$fc_pipe" 2>&1
`.trim()

/** The last lines that it said, in this run of the instance or the one before. */
export const lastWords = async (files: Parts, lines: number): Promise<readonly string[]> => {
  const [older = "", newer = ""] = await Promise.all([readText(olderLog(files)), readText(files.log)])
  return lastLines(`${older}${newer}`, lines).filter((line) => line !== "")
}

const pipeOf = ({ directory }: Parts): string => join(directory, "log.pipe")
const olderLog = ({ log }: Parts): string => `${log}.1`
