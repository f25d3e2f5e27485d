import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { FaultMachine } from "./machine.ts"

/** A moment in a run, by the number of the program that is about to run. */
export interface Point {
  readonly number: number
  readonly program: string
  /** Its words, shortened. */
  readonly words: string
  /** The journal's last word at that moment: `begin 12` is inside step 12, `done 12` between 12 and 13. */
  readonly journal: string
}

/** Programs by which a transaction touches a machine. Each is a point where a fault may come. */
const programs = [
  ...["sync", "mv", "cp", "rm", "ln", "mkdir", "rmdir", "chown", "chmod", "touch", "tar", "true"],
  ...["apt-get", "apt-mark", "dpkg", "useradd", "usermod", "userdel", "groupadd", "groupmod", "groupdel", "systemctl"],
] as const

/**
 * Puts a program of the same name before each of these. It counts, and at the wanted number says so and waits.
 * apt is told to call dpkg by that path too.
 */
export const installPoints = (): string =>
  [
    "set -e",
    ...programs.map((program) => `cat >/usr/local/sbin/${program} <<'fc-end'\n${stand(program)}\nfc-end`),
    ...programs.map((program) => `/bin/chmod 755 /usr/local/sbin/${program}`),
    `echo 'Dir::Bin::dpkg "/usr/local/sbin/dpkg";' >/etc/apt/apt.conf.d/99faults`,
  ].join("\n")

const inside = "/run/fireclay-faults"

const stand = (program: string): string =>
  [
    "#!/bin/sh",
    `d=${inside} p=${program}`,
    'r=/usr/sbin/$p; [ -x "$r" ] || r=/usr/bin/$p',
    '[ -e $d/armed ] || exec "$r" "$@"',
    "n=0; { read -r n <$d/count; } 2>/dev/null; n=$((n + 1)); echo $n >$d/count",
    "read -r want <$d/armed",
    'if [ "$want" = log ] || [ "$want" = "$n" ]; then',
    "  j=start; for t in /var/lib/fireclay/txn/*; do",
    '    s=; { read -r s <"$t/status"; } 2>/dev/null; case $s in committed|undone|"") continue;; esac',
    '    while read -r l; do j=$l; done <"$t/journal"',
    "  done 2>/dev/null",
    `  printf '%s\\t%s\\t%s\\t%s\\n' "$n" "$p" "$(printf %s "$*" | /usr/bin/tr '\\n\\t' '  ' | /usr/bin/cut -c1-80)" "$j" >>$d/log`,
    '  if [ "$want" = "$n" ]; then : >$d/hit; while [ -e $d/wait ] && [ ! -e $d/go ]; do /bin/sleep 0.01; done; fi',
    "fi",
    'exec "$r" "$@"',
  ].join("\n")

/** The host's hand on a machine's points. All of it lies in the machine's memory and is gone after a power cut. */
export interface Points {
  /** Every point is written down and none is waited at. */
  readonly record: () => Promise<void>
  /** Waits there, or only says when it is passed. */
  readonly arm: (number: number, how: "wait" | "pass") => Promise<void>
  /** The point was reached. */
  readonly isHit: () => Promise<boolean>
  readonly go: () => Promise<void>
  readonly disarm: () => Promise<void>
  readonly seen: () => Promise<readonly Point[]>
}

export const pointsOf = async (machine: FaultMachine): Promise<Points> => {
  const directory = `/proc/${await machine.leader()}/root${inside}`
  const at = (name: string): string => join(directory, name)
  const arm = async (what: string, wait: boolean): Promise<void> => {
    await rm(directory, { recursive: true, force: true })
    await mkdir(directory, { recursive: true })
    if (wait) await writeFile(at("wait"), "")
    await writeFile(at("armed"), `${what}\n`)
  }
  return {
    record: () => arm("log", false),
    arm: (number, how) => arm(String(number), how === "wait"),
    isHit: async () => (await text(at("hit"))) !== undefined,
    go: () => writeFile(at("go"), "").catch(() => undefined),
    disarm: () => rm(directory, { recursive: true, force: true }),
    seen: async () => parse((await text(at("log"))) ?? ""),
  }
}

const parse = (log: string): readonly Point[] =>
  log
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [number = "", program = "", words = "", journal = ""] = line.split("\t")
      return { number: Number(number), program, words, journal }
    })

const text = (path: string): Promise<string | undefined> => readFile(path, "utf8").catch(() => undefined)
