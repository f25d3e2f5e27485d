import { isUtf8 } from "node:buffer"
import { type Content, type Epoch, FireclayError, type Machine, type Step } from "../../contract/index.ts"
import { sha256 } from "../canonical.ts"
import { quote, quoteAll } from "../quote.ts"
import { type CompiledFile, compileSteps } from "./compile.ts"
import { libraryFor } from "./library.ts"
import { epochWords, home, transactionDirectory } from "./paths.ts"

export interface Upload {
  readonly id: string
  readonly steps: readonly Step[]
  /** Bytes of every content that a step names, by sha256. */
  readonly bytes: ReadonlyMap<string, Uint8Array>
  /** Contents that the machine has already, by sha256: where. They do not travel. */
  readonly there?: ReadonlyMap<string, string> | undefined
  /** What takes secrets out of what the steps print: a script of sed's, for as long as the transaction lasts. */
  readonly hide?: string | undefined
  /** Who does this, for a second controller to read: one line. */
  readonly holder: string
  /** Under which lease. Absent: a machine that nobody else knows. */
  readonly epoch?: Epoch
  /** What the machine said of its transactions when the steps were planned: it refuses them when that has changed. */
  readonly turn?: string
  /** Packages may be replaced also where nobody has their present file, so that they could not be put back. */
  readonly allowLost?: boolean
}

/** How the script of {@link uploadScript} ends when the machine could not keep what was sent. */
export const uploadFailed = 81

/** A script that puts a transaction on a machine, and what it reads from its standard input. */
export interface UploadScript {
  readonly script: string
  readonly input: Uint8Array
}

/**
 * Everything travels as one script. Text stands in it, which takes no process for each file; the rest follows as one
 * stream, cut by length on the other side.
 *
 * @throws FireclayError FC_STORE when a content is missing
 */
export const uploadScript = async (want: Upload): Promise<UploadScript> => {
  const { id, steps, bytes, there = new Map<string, string>() } = want
  const contents = new Map(steps.flatMap(contentsOf).map((content) => [content.sha256, content]))
  const isText = textTest(bytes)
  const {
    steps: forward,
    undo,
    files,
  } = compileSteps(steps, ({ path, content }) => there.has(content.sha256) || !isText(path, content))
  const named = files.filter(({ byDigest }) => !byDigest)
  const elsewhere = new Set(named.map(({ sha256: digest }) => digest))
  const digests = [...contents.keys()].filter(
    (digest) => !elsewhere.has(digest) || files.some((file) => file.byDigest && file.sha256 === digest),
  )
  const sent = digests.filter((digest) => !there.has(digest))
  const texts: readonly (readonly [string, string])[] = [
    ...settingsOf(want),
    ["library.sh", await libraryFor(steps)],
    ["steps", lines(forward)],
    ["undo", lines(undo)],
    ...named.map((file) => [placeOf(file), Buffer.from(blob(bytes, file.sha256)).toString()] as const),
  ]
  const sums = [
    ...named.map((file) => `${file.sha256}  ${placeOf(file)}`),
    // The name of one that holds secrets is no digest that could be checked.
    ...sent.map((name) => `${sumOf(contents.get(name), blob(bytes, name))}  blobs/${name}`),
    ...digests.filter((digest) => there.has(digest)).map((digest) => `${digest}  blobs/${digest}`),
  ]
  const places = [...new Set(files.map(({ directory }) => `blobs/${directory}`))]
  const directory = quote(transactionDirectory(id))
  const directories = ["", "/blobs", ...places.map((place) => `/${place}`), "/before"].map(
    (name) => `${transactionDirectory(id)}${name}`,
  )
  const fail = `|| exit ${uploadFailed}`
  const script = [
    `umask 077 && mkdir -p ${home}/txn && chmod 700 ${home} && mkdir ${quoteAll(directories)} && cd ${directory} ${fail}`,
    ...texts.map(([name, content]) => `printf %s ${quote(content)} > ${quote(name)} ${fail}`),
    ...sent.map((digest) => `head -c ${blob(bytes, digest).length} > blobs/${digest} ${fail}`),
    ...digests.flatMap((digest) =>
      there.has(digest) ? [`cp -- ${quoteAll([there.get(digest) ?? "", `blobs/${digest}`])} ${fail}`] : [],
    ),
    ...(sums.length === 0 ? [] : [`sha256sum -c --status - <<'fc-end' ${fail}\n${lines(sums)}fc-end`]),
  ]
  return { script: script.join("\n"), input: Buffer.concat(sent.map((digest) => blob(bytes, digest))) }
}

/** What the machine has to know beyond the steps. The epoch first: until it is there, nobody can tell whose it is. */
const settingsOf = ({ epoch, hide, holder, turn, allowLost }: Upload): readonly (readonly [string, string])[] => [
  ...(epoch === undefined ? [] : [["epoch", `${epochWords(epoch)}\n`] as const]),
  ...(hide === undefined ? [] : [["before/hide", hide] as const]),
  ["holder", `${holder}\n`],
  ...(turn === undefined ? [] : [["turn", `${turn}\n`] as const]),
  ...(allowLost === true ? [["allow-lost", "yes\n"] as const] : []),
]

const contentsOf = (step: Step): readonly Content[] => {
  if (step.do === "write-file") return [step.content]
  return step.do === "run-command" && step.secrets !== undefined ? [step.secrets] : []
}

const sumOf = (content: Content | undefined, bytes: Uint8Array): string =>
  content === undefined || content.sealed !== undefined ? sha256(bytes) : content.sha256

/** Removes what could not be kept whole. */
export const refuseUpload = async (machine: Machine, id: string, stderr: string): Promise<FireclayError> => {
  await machine.sh(`rm -rf -- ${quote(transactionDirectory(id))}`)
  return new FireclayError(
    "FC_MACHINE_COMMAND",
    "the transaction could not be put on the machine; nothing was changed",
    { at: machine.name, remedy: `is there room under ${home}?`, details: stderr.trimEnd().split("\n") },
  )
}

const mostTextBytes = 32 * 1024

/** Whether a file can stand in the script: its content, and its name, which then is a file's name among the blobs. */
const textTest =
  (bytes: ReadonlyMap<string, Uint8Array>) =>
  (path: string, { sha256: digest, sealed }: Content): boolean => {
    const content = blob(bytes, digest)
    if (sealed !== undefined || content.length > mostTextBytes) return false
    return !content.includes(0) && isUtf8(content) && /^[^\p{Cc}\\]+$/u.test(path)
  }

const placeOf = ({ directory, path }: CompiledFile): string =>
  `blobs/${directory}/${path.slice(path.lastIndexOf("/") + 1)}`

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join("")

const blob = (bytes: ReadonlyMap<string, Uint8Array>, digest: string): Uint8Array => {
  const content = bytes.get(digest)
  if (content === undefined)
    throw new FireclayError("FC_STORE", `the content ${digest.slice(0, 12)} is missing`, {
      remedy: "restore .fireclay/blobs from a copy",
    })
  return content
}
