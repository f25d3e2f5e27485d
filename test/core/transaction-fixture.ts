import { createHash } from "node:crypto"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { Machine, Step } from "../../src/contract/index.ts"
import type { MachineState } from "../../src/core/machine-state.ts"
import type { TransactionWant } from "../../src/core/transaction/transaction.ts"
import { me } from "../support/apply.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"
import { listTree, plant, type Tree } from "../support/tree.ts"

/** What stands on the machine before. */
export const before: Tree = {
  "etc/": null,
  "etc/motd": { mode: 0o640, content: "old\n" },
  "etc/keep": { mode: 0o4755, content: "kept\n" },
  "etc/current": "-> keep",
  "etc/file or link": "a file\n",
  "etc/gone": { mode: 0o600, content: "will be gone\n" },
  "srv/": { mode: 0o2770 },
  "srv/empty/": { mode: 0o1777 },
  "srv/full/": null,
  "srv/full/inside": "inside\n",
}

export const bytes = new Map(
  ["one\n", "new\n", ""].map((text) => [createHash("sha256").update(text).digest("hex"), Buffer.from(text)] as const),
)

const contentOf = (text: string) => ({
  sha256: createHash("sha256").update(text).digest("hex"),
  size: Buffer.byteLength(text),
})

/** Ten steps over all kinds of paths. The last one writes beside the tree, and takes that back when it is undone. */
export const tenSteps = (root: string): readonly Step[] => {
  const at = (name: string): string => join(root, name)
  const note = (word: string): readonly string[] => ["sh", "-c", `echo "$1" >> "$2"`, "sh", word, `${root}.log`]
  return [
    { do: "make-directory", path: at("srv/new"), mode: 0o750, ...me },
    { do: "write-file", path: at('srv/new/it\'s "one"'), content: contentOf("one\n"), mode: 0o4711, ...me },
    { do: "write-file", path: at("etc/motd"), content: contentOf("new\n"), mode: 0o644, ...me },
    { do: "make-link", path: at("etc/file or link"), target: "../srv/new" },
    { do: "set-ownership", path: at("srv/full"), mode: 0o2700, ...me },
    { do: "remove-path", path: at("etc/gone") },
    { do: "remove-path", path: at("srv/empty") },
    { do: "write-file", path: at("etc/current"), content: contentOf(""), mode: 0o600, ...me },
    { do: "make-directory", path: at("srv/full"), mode: 0o755, ...me },
    { do: "run-command", argv: note("done"), undo: note("undone") },
  ]
}

export const failing: Step = { do: "run-command", argv: ["sh", "-c", "echo the reason >&2; exit 7"], undo: ["true"] }

export const stateOf = (release: number): MachineState => ({
  schema: 1,
  project: "project",
  fleet: "web",
  release,
  digest: `sha256:${release}`,
  transaction: `t${release}`,
  resources: [],
  directories: [],
  packages: [],
})

export const want = (id: string, steps: readonly Step[], more: Partial<TransactionWant> = {}): TransactionWant => ({
  id,
  steps,
  bytes,
  holder: "ada on laptop (process 12) since noon",
  confirmMs: 30_000,
  ...more,
})

/** Number of the release that the machine says it is at. */
export const releaseOn = async (shell: ShellMachine): Promise<number | undefined> => {
  try {
    return (JSON.parse(await readFile(join(shell.home, "current.json"), "utf8")) as MachineState).release
  } catch {
    return undefined
  }
}

export const readHome = async (shell: ShellMachine, path: string): Promise<string | undefined> =>
  readFile(join(shell.home, path), "utf8").then(
    (text) => text.trimEnd(),
    () => undefined,
  )

/** A controller that dies once it has started a transaction: it never reads what becomes of it. */
export const dyingController = (machine: Machine): Machine => diesBefore(machine, "\nwhile :; do")

/** A controller that dies in the middle of a script, before a certain line is run. */
export const diesBefore = (machine: Machine, line: string): Machine => ({
  ...machine,
  sh: async (script, options) => {
    const at = script.indexOf(line)
    if (at < 0) return machine.sh(script, options)
    await machine.sh(`${script.slice(0, at)}\nexit 0`, options)
    throw new Error("the controller died")
  },
})

/** A machine at release 1, with the tree of {@link before} as it is then listed. */
export const openUsedMachine = async (): Promise<{
  readonly shell: ShellMachine
  readonly old: readonly string[]
}> => {
  const shell = await openShellMachine("web-1")
  await mkdir(shell.home)
  await writeFile(join(shell.home, "current.json"), JSON.stringify(stateOf(1)))
  await plant(shell.root, before)
  return { shell, old: await listTree(shell.root) }
}

/** Kills all processes of a transaction, as a reset would: until the last one has let go of the lock. */
export const killTransaction = async (shell: ShellMachine, id = "t2"): Promise<void> => {
  process.kill(-Number(await readHome(shell, `txn/${id}/pid`)), "SIGKILL")
  while ((await shell.machine.sh(`flock -n ${shell.home}/lock true`)).exitCode !== 0) await sleep(10)
}
