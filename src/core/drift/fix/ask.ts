import { readFile } from "node:fs/promises"
import { FireclayError, type Machine } from "../../../contract/index.ts"
import { quote, quoteAll } from "../../quote.ts"
import { packageLibrary } from "../../transaction/library.ts"
import { home } from "../../transaction/paths.ts"
import type { Told } from "../judge.ts"
import { isExecutable } from "../kinds.ts"
import { lookLibrary, type ThingChange } from "../survey.ts"
import { accountNames } from "./accounts.ts"
import { askedName } from "./packages.ts"

/** What a path had in it, and where on the machine that lies now; or why nobody can say. */
export type Kept =
  | {
      readonly sha256: string
      readonly size: number
      readonly mode: string
      readonly owner: string
      readonly group: string
    }
  | { readonly why: string }
  /** It is what it was. */
  | "same"

/** A process that a finding is about. */
export interface Holder {
  readonly pid: string
  /** In the kernel's own count, so that another process of the same number is not meant. */
  readonly began: string
  /** The service that it belongs to; empty: none. */
  readonly service: string
}

/** What a machine answers about what was found on it. */
export interface Answers {
  /** The kernel is not its own: it is a container, or the like. */
  readonly isShared: boolean
  readonly architecture: string
  readonly contents: ReadonlyMap<string, Kept>
  /** Paths to which their packages give capabilities. */
  readonly capable: ReadonlySet<string>
  /** By kind and name of the finding. */
  readonly holders: ReadonlyMap<string, readonly Holder[]>
  /** What systemd says of each unit. */
  readonly units: ReadonlyMap<string, string>
  /** Settings of the kernel that can be written. */
  readonly settings: ReadonlySet<string>
  /** Packages that can be had in the version that they had. */
  readonly offers: ReadonlySet<string>
  /** Packages of which the present file can be had, so that it can be put back. */
  readonly had: ReadonlySet<string>
  /** What would go with the packages that have to go. */
  readonly going: readonly string[]
  /** All that the firewall has, as it was and as it is, for nft. Absent: it cannot be loaded. */
  readonly rules?: { readonly before: string; readonly now: string }
  /** Places, in the order of what was found, of odd names that are directories. */
  readonly oddDirectories: ReadonlySet<number>
}

const script = new URL("./ask.sh", import.meta.url)

/** Where the machine puts what files had in them, by sha256. */
export const mendDirectory = `${home}/mend`

/**
 * Asks what it takes to take back what was found. What files had in them is put together on the machine, and stays there.
 *
 * @throws FireclayError FC_MACHINE_COMMAND
 */
export const askAbout = async (machine: Machine, told: readonly Told[]): Promise<Answers> => {
  const text = [
    `FC=${home} apart=$1`,
    ...(await Promise.all([packageLibrary(), lookLibrary(), readFile(script, "utf8")])),
    "begin || exit 1",
    ...questionsAbout(told).map((words) => quoteAll(words)),
    "exit 0",
  ].join("\n")
  const { exitCode, stdout, stderr } = await machine.sh(runApart(text))
  if (exitCode !== 0)
    throw new FireclayError("FC_MACHINE_COMMAND", "the machine could not say how to take back what was found", {
      at: machine.name,
      remedy: `is there room under ${home}?`,
      details: stderr.toString().trimEnd().split("\n").slice(-8),
    })
  return parseAnswers(stdout.toString())
}

/** In a name space of its own for mounts, where the machine lets anybody have one. */
const runApart = (text: string): string =>
  [
    `umask 077 && mkdir -p ${mendDirectory} && cd ${mendDirectory} || exit 1`,
    `printf %s ${quote(text)} >ask.sh || exit 1`,
    "if unshare -m true 2>/dev/null; then unshare -m sh ask.sh apart; else sh ask.sh ''; fi",
  ].join("\n")

/** What decides where names lead. */
const naming: ReadonlySet<string> = new Set(["hosts", "host.conf", "nsswitch.conf", "gai.conf", "resolv.conf"])

/** Pure: the calls of ask.sh. */
export const questionsAbout = (told: readonly Told[]): readonly (readonly string[])[] => {
  const things = told.flatMap(({ thing }) => (thing === undefined ? [] : [thing]))
  const ofKind = (kind: ThingChange["kind"]): readonly ThingChange[] => things.filter((thing) => thing.kind === kind)
  const going = ofKind("package").filter(({ before, after }) => before === undefined && after?.endsWith(" installed"))
  const paths = told.flatMap(({ file }) => (file === undefined ? [] : [file.path]))
  return [
    ...paths.filter((path) => naming.has(path.slice("/etc/".length))).map((path) => ["as_before", path]),
    ...(paths.some((path) => path.startsWith("/etc/apt/")) ? [["sources_as_before"]] : []),
    ...told.flatMap(questionsAboutFile),
    ...[...accountNames(told)].map(([file, names]) => ["accounts", file, ...names]),
    ...ofKind("port").map(({ name }) => ["port", ...name.split(" ")]),
    ...(ofKind("firewall rule").length === 0 ? [] : [["ruleset"]]),
    ...ofKind("process").map(({ name, after = "" }) => ["process", name, /^is given/.test(after) ? "preloaded" : ""]),
    ...ofKind("running unit").map(({ name }) => ["unit", name]),
    ...ofKind("kernel setting").map(({ name }) => ["setting", name]),
    ...ofKind("package").flatMap(({ name, before }) =>
      before?.split(" ")[1] === "installed" ? [["offer", askedName(name), before.split(" ")[0] ?? ""]] : [],
    ),
    ...ofKind("package").flatMap(({ name, after = "" }) =>
      after.split(" ")[1] === "installed" ? [["had", askedName(name)]] : [],
    ),
    ...(going.length === 0 ? [] : [["going", ...going.map(({ name }) => askedName(name))]]),
    ...told.flatMap(({ finding }, place) =>
      finding.kind === "odd name" ? [["odd", String(place), finding.what]] : [],
    ),
  ]
}

const questionsAboutFile = ({ file, finding }: Told): readonly (readonly string[])[] => {
  if (file?.before === undefined) return unitOf(finding.what).map((name) => ["unit", name])
  const owner = finding.package ?? ""
  const isAnother = file.after?.kind !== "f" || file.content === true || file.capable === true
  return [
    ...(file.before.kind === "f" && isAnother ? [["content", file.path, owner]] : []),
    ...(file.before.kind === "f" && isAnother && isExecutable(file.before.mode) ? [["process", file.path, ""]] : []),
    ...(file.before.kind === "f" ? [["capable", file.path, owner]] : []),
    ...unitOf(file.path).map((name) => ["unit", name]),
  ]
}

/** The unit that a file, or a drop-in, is of; none or one. */
export const unitOf = (path: string): readonly string[] => {
  const [, name] = /\/systemd\/system\/([^/]+\.(?:service|socket|timer|path))(?:\.d\/.*)?$/.exec(path) ?? []
  return name === undefined || name.includes("@.") ? [] : [name]
}

/** Pure: what ask.sh printed. */
export const parseAnswers = (text: string): Answers => {
  const rows = text.split("\n").map((line) => line.split("\t"))
  const of = (word: string): readonly (readonly string[])[] =>
    rows.filter(([first]) => first === word).map((row) => row.slice(1))
  const [machine = []] = of("machine")
  const [rules] = of("rules")
  return {
    isShared: machine[0] === "shared",
    architecture: machine[1] ?? "",
    contents: new Map(of("content").map(([path = "", ...rest]) => [path, toKept(rest)])),
    capable: firstOf(of("capable")),
    holders: Map.groupBy(
      ["port", "process"].flatMap((kind) =>
        of(kind).map(([name, pid = "", began = "", service = ""]) => ({ key: `${kind} ${name}`, pid, began, service })),
      ),
      ({ key }) => key,
    ),
    units: new Map(of("unit").map(([name = "", said = ""]) => [name, said])),
    settings: firstOf(of("setting")),
    offers: firstOf(of("offer")),
    had: firstOf(of("had")),
    going: of("going").map(([name = ""]) => name),
    ...(rules === undefined ? {} : { rules: { before: fromBase64(rules[0]), now: fromBase64(rules[1]) } }),
    oddDirectories: new Set(of("odd").map(([place]) => Number(place))),
  }
}

const fromBase64 = (text = ""): string => Buffer.from(text, "base64").toString()

const firstOf = (rows: readonly (readonly string[])[]): ReadonlySet<string> =>
  new Set(rows.map(([first = ""]) => first))

const toKept = ([sha256 = "", ...rest]: readonly string[]): Kept => {
  if (sha256 === "same") return "same"
  if (sha256 === "-") return { why: rest[0] ?? "" }
  const [size = "", mode = "", owner = "", group = ""] = rest
  return { sha256, size: Number(size), mode, owner, group }
}
