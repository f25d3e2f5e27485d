import type { AccountWant, PackageWant, Step } from "../../contract/index.ts"
import { quote, quoteAll } from "../quote.ts"
import { type Group, groupSteps } from "./groups.ts"

/** Where the content of a file lies among the blobs of a transaction. */
export interface BlobPlace {
  /** Number of the file's directory: `blobs/3/NAME`. */
  readonly directory: number
  /** By its sha256 instead, where the name or the content does not travel well: `blobs/SHA256`. */
  readonly byDigest: boolean
}

/** A step as a call of a verb of `library/`. */
export const stepCall = (step: Step, { directory, byDigest }: BlobPlace): readonly string[] => {
  switch (step.do) {
    case "write-file": {
      const source = byDigest ? step.content.sha256 : "-"
      return ["write_file", step.path, String(directory), source, octal(step.mode), step.owner, step.group]
    }
    case "make-directory":
    case "set-ownership":
      return [
        step.do === "make-directory" ? "make_directory" : "set_ownership",
        step.path,
        octal(step.mode),
        step.owner,
        step.group,
        ...(step.do === "make-directory" && step.ifMissing === true ? ["if-missing"] : []),
      ]
    case "make-link":
      return ["make_link", step.path, step.target]
    case "remove-path":
      return ["remove_path", step.path]
    case "install-packages":
      return ["install_packages", ...packageWords(step.packages)]
    case "upgrade-packages":
      return ["upgrade_packages", ...packageWords(step.packages)]
    case "remove-packages":
      return ["remove_packages", ...step.packages, "--", ...step.alongside]
    case "add-group":
      return ["account", "groupadd", ...(step.system ? ["--system"] : []), ...option("--gid", step.gid), step.name]
    case "change-group":
      return ["account", "groupmod", "--gid", String(step.gid), step.name]
    case "remove-group":
      return ["account", "groupdel", step.name]
    case "add-user":
      return [
        "account",
        "useradd",
        ...accountWords(step),
        ...(step.system ? ["--system"] : []),
        step.createHome === true ? "--create-home" : "--no-create-home",
        step.name,
      ]
    case "change-user":
      return ["account", "usermod", ...accountWords(step), step.name]
    case "remove-user":
      return ["account", "userdel", step.name]
    case "reload-units":
      return ["reload_units"]
    case "run-command": {
      const undo = step.undo === undefined ? [] : [...how(step), ...step.undo]
      const words = [String(undo.length), ...undo, ...how(step), ...step.argv]
      return step.secrets === undefined
        ? ["run_command", ...words]
        : ["run_secretly", step.secrets.sha256, "run_command", ...words]
    }
    default:
      return ["unit", step.do.replace(/-unit$/, ""), step.unit]
  }
}

/** Verbs whose effect cannot be taken back. */
export const isReversible = (step: Step): boolean => step.do !== "run-command" || step.undo !== undefined

/** A transaction as lines of shell, and where each new file's content belongs. */
export interface Compiled {
  readonly steps: readonly string[]
  /** The same, from the last to the first. */
  readonly undo: readonly string[]
  /** Of each step that writes a file. */
  readonly files: readonly CompiledFile[]
}

export interface CompiledFile extends BlobPlace {
  readonly path: string
  readonly sha256: string
}

/**
 * The steps in groups, each as the calls that it consists of and one that works on them; see `library/steps.sh`.
 *
 * @param byDigest - whether a file's content is to lie by its digest
 */
export const compileSteps = (steps: readonly Step[], byDigest: (step: FileStep) => boolean): Compiled => {
  const files: CompiledFile[] = []
  const numbers = new Counter()
  const groups = groupSteps(steps).map((group) => {
    const directories = group.kind === "paths" ? numberDirectories(group, numbers) : new Map<string, number>()
    const calls = group.steps.map((step, index) => {
      const directory = "path" in step ? (directories.get(directoryOf(step.path)) ?? 0) : 0
      const place = { directory, byDigest: step.do === "write-file" && byDigest(step) }
      if (step.do === "write-file") files.push({ ...place, path: step.path, sha256: step.content.sha256 })
      return `s ${group.first + index} ${quoteAll(stepCall(step, place))}`
    })
    const last = group.first + group.steps.length - 1
    const units = group.steps.flatMap((step) => ("unit" in step ? [step.unit] : []))
    return {
      directories: [...directories].map(([path, number]) => `d ${number} ${quote(path)}`),
      calls,
      work: quoteAll(["group", group.kind, String(group.first), String(last), ...units]),
    }
  })
  return {
    steps: groups.flatMap(({ directories, calls, work }) => block(directories, calls, work)),
    undo: groups.toReversed().flatMap(({ directories, calls, work }) => block(directories, calls.toReversed(), work)),
    files,
  }
}

type FileStep = Extract<Step, { readonly do: "write-file" }>

class Counter {
  #last = 0
  next(): number {
    this.#last += 1
    return this.#last
  }
}

/** The directories of a group's paths, in the order in which they are met. */
const numberDirectories = ({ steps }: Group, counter: Counter): ReadonlyMap<string, number> => {
  const numbers = new Map<string, number>()
  for (const step of steps) {
    const directory = "path" in step ? directoryOf(step.path) : "/"
    if (!numbers.has(directory)) numbers.set(directory, counter.next())
  }
  return numbers
}

const directoryOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf("/")))

const block = (directories: readonly string[], calls: readonly string[], work: string): readonly string[] => [
  "directories() {",
  ...(directories.length === 0 ? [":"] : directories),
  "}",
  "steps() {",
  ...calls,
  "}",
  work,
]

/** Five digits: with fewer, chmod lets a directory keep the set-group-ID bit that it had or inherited. */
const octal = (mode: number): string => mode.toString(8).padStart(5, "0")

const option = (flag: string, value: string | number | undefined): readonly string[] =>
  value === undefined ? [] : [flag, String(value)]

/** As package managers take them: `nginx`, `nginx=1.22.1-9`. */
export const packageWords = (packages: readonly PackageWant[]): readonly string[] =>
  packages.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`))

const accountWords = (want: AccountWant): readonly string[] => [
  ...option("--uid", want.uid),
  ...option("--gid", want.group),
  ...option("--groups", want.groups?.join(",")),
  ...option("--comment", want.comment),
  ...option("--home", want.home),
  ...option("--shell", want.shell),
]

/** Takes what it exports from a file, so that no list of processes shows it. */
const withSecrets: readonly string[] = ["sh", "-c", '. "$FC_SECRETS" && unset FC_SECRETS && exec "$@"', "sh"]

/** A command line as its author wrote it, as far as the machine tells one. */
export const asWritten = (line: string): string => line.replace(`${withSecrets.join(" ")} `, "")

const how = (step: Extract<Step, { do: "run-command" }>): readonly string[] => [
  ...(step.secrets === undefined ? [] : withSecrets),
  ...(step.user === undefined ? [] : ["runuser", "-u", step.user, "--"]),
  "env",
  ...(step.directory === undefined ? [] : ["-C", step.directory]),
  ...Object.entries(step.environment ?? {}).map(([name, value]) => `${name}=${value}`),
]
