import { readFile } from "node:fs/promises"
import { type Content, type Epoch, FireclayError, type Machine, type Step } from "../../contract/index.ts"
import { sha256 } from "../canonical.ts"
import { quote } from "../quote.ts"
import { compileSteps } from "./compile.ts"
import { epochWords, home, transactionDirectory } from "./paths.ts"

export interface Upload {
  readonly id: string
  readonly steps: readonly Step[]
  /** Bytes of every content that a step names, by sha256. */
  readonly bytes: ReadonlyMap<string, Uint8Array>
  /** What takes secrets out of what the steps print: a script of sed's, for as long as the transaction lasts. */
  readonly hide?: string | undefined
  /** Who does this, for a second controller to read: one line. */
  readonly holder: string
  /** Under which lease. Absent: a machine that nobody else knows. */
  readonly epoch?: Epoch
  /** What the machine said of its transactions when the steps were planned: it refuses them when that has changed. */
  readonly turn?: string
}

/** Written one by one, so that a bundler sees them. */
const libraryParts = [
  new URL("./library/main.sh", import.meta.url),
  new URL("./library/fence.sh", import.meta.url),
  new URL("./library/steps.sh", import.meta.url),
  new URL("./library/paths.sh", import.meta.url),
  new URL("./library/packages.sh", import.meta.url),
  new URL("./library/accounts.sh", import.meta.url),
  new URL("./library/units.sh", import.meta.url),
  new URL("./library/commands.sh", import.meta.url),
  new URL("./library/secrets.sh", import.meta.url),
]

let library: Promise<Buffer> | undefined

const readLibrary = async (): Promise<Buffer> => {
  const parts = await Promise.all(libraryParts.map((part) => readFile(part, "utf8")))
  return Buffer.from(`${parts.join("\n")}\nmain "$@"\n`)
}

/**
 * Puts a transaction on a machine in one round trip: all files travel as one stream, cut by length on the other side.
 *
 * @throws FireclayError FC_MACHINE_COMMAND when the machine cannot keep it
 */
export const upload = async (
  machine: Machine,
  { id, steps, bytes, hide, holder, epoch, turn }: Upload,
): Promise<void> => {
  library ??= readLibrary()
  const calls = compileSteps(steps)
  const contents = new Map(steps.flatMap(contentsOf).map((content) => [content.sha256, content]))
  const blobs = new Map([...contents.keys()].map((digest) => [digest, blob(bytes, digest)]))
  // The name of one that holds secrets is no digest that could be checked.
  const sums = [...contents.values()].map(({ sha256: name, sealed }) =>
    sealed === undefined ? `${name}  blobs/${name}` : `${sha256(blob(bytes, name))}  blobs/${name}`,
  )
  const files: readonly (readonly [string, Uint8Array])[] = [
    // First: until it is there, nobody can tell whose it is.
    ...(epoch === undefined ? [] : [["epoch", Buffer.from(`${epochWords(epoch)}\n`)] as const]),
    ["library.sh", await library],
    ["steps", Buffer.from(`${calls.join("\n")}\n`)],
    ["undo", Buffer.from(`${calls.toReversed().join("\n")}\n`)],
    ...(hide === undefined ? [] : [["before/hide", Buffer.from(hide)] as const]),
    ["holder", Buffer.from(`${holder}\n`)],
    ...(turn === undefined ? [] : [["turn", Buffer.from(`${turn}\n`)] as const]),
    ...[...blobs].map(([digest, content]) => [`blobs/${digest}`, content] as const),
  ]
  const directory = quote(transactionDirectory(id))
  const script = [
    `umask 077 && mkdir -p ${home}/txn && chmod 700 ${home} && mkdir ${directory} && cd ${directory} && mkdir blobs before || exit 1`,
    ...files.map(([name, content]) => `head -c ${content.length} > ${quote(name)} || exit 1`),
    `sha256sum -c --status - <<'fc-end' || exit 1\n${sums.map((sum) => `${sum}\n`).join("")}fc-end`,
  ]
  if (blobs.size === 0) script.pop()
  const { exitCode, stderr } = await machine.sh(script.join("\n"), {
    input: Buffer.concat(files.map(([, content]) => content)),
  })
  if (exitCode === 0) return
  await machine.sh(`rm -rf -- ${directory}`)
  throw new FireclayError(
    "FC_MACHINE_COMMAND",
    "the transaction could not be put on the machine; nothing was changed",
    {
      at: machine.name,
      remedy: `is there room under ${home}?`,
      details: stderr.toString().trimEnd().split("\n"),
    },
  )
}

const contentsOf = (step: Step): readonly Content[] => {
  if (step.do === "write-file") return [step.content]
  return step.do === "run-command" && step.secrets !== undefined ? [step.secrets] : []
}

const blob = (bytes: ReadonlyMap<string, Uint8Array>, digest: string): Uint8Array => {
  const content = bytes.get(digest)
  if (content === undefined)
    throw new FireclayError("FC_STORE", `the content ${digest.slice(0, 12)} is missing`, {
      remedy: "restore .fireclay/blobs from a copy",
    })
  return content
}
