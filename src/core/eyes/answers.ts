import type {
  GroupState,
  PackageForesight,
  PackageState,
  PathState,
  RunResult,
  TreeEntry,
  UnitState,
  UserState,
} from "../../contract/index.ts"
import { readable } from "../readable.ts"
import { type Ground, toGrounds } from "./ground.ts"
import { toForesight, toPackage } from "./packages.ts"
import type { Questions } from "./questions.ts"

/** What a machine said to {@link Questions}. What is not there has no entry. */
export interface Answers {
  readonly stat: ReadonlyMap<string, PathState>
  readonly sha256: ReadonlyMap<string, string>
  readonly text: ReadonlyMap<string, string>
  readonly tree: ReadonlyMap<string, readonly TreeEntry[]>
  readonly package: ReadonlyMap<string, PackageState>
  readonly packages: ReadonlyMap<string, PackageForesight>
  readonly user: ReadonlyMap<string, UserState>
  readonly group: ReadonlyMap<string, GroupState>
  readonly unit: ReadonlyMap<string, UnitState>
  readonly ground: ReadonlyMap<string, Ground>
  readonly run: ReadonlyMap<string, RunResult>
  /** Fields that the script ahead of the questions printed. */
  readonly ahead: readonly string[]
}

/** Reads what the script of `compileQuestions` printed. */
export const parseAnswers = (stdout: Buffer, marker: string, questions: Questions): Answers => {
  const sections = split(stdout, marker)
  const fields = (name: string): readonly string[] => sections.get(name) ?? []
  const lines = (name: string): readonly string[] => fields(name).flatMap((field) => field.split("\n"))
  const groups = lines("groups")
    .filter((line) => line !== "")
    .map((line) => line.split(":"))
  return {
    stat: new Map(inGroupsOf(8, fields("stat")).map((entry) => [entry[0] ?? "", toPathState(entry)])),
    sha256: new Map(fields("sha256").map((entry) => [entry.slice(66), entry.slice(0, 64)])),
    text: new Map(inGroupsOf(2, fields("text")).flatMap(([path = "", base64 = ""]) => decodeText(path, base64))),
    tree: toTrees(inGroupsOf(3, fields("tree")), [...questions.tree]),
    package: new Map(lines("package").flatMap(toPackage)),
    packages: new Map(
      [...questions.packages].map((question, index) => [question, toForesight(fields("packages")[index])]),
    ),
    user: new Map(
      lines("passwd")
        .filter((line) => line !== "")
        .map((line) => toUser(line.split(":"), groups)),
    ),
    group: new Map(groups.map(([name = "", , gid = "0"]) => [name, { name, gid: Number(gid) }])),
    unit: toUnits(lines("unit"), [...questions.unit]),
    ground: toGrounds(fields("ground"), [...questions.ground]),
    run: toRuns(fields("run"), [...questions.run]),
    ahead: fields("ahead"),
  }
}

const split = (stdout: Buffer, marker: string): Map<string, string[]> => {
  const sections = new Map<string, string[]>()
  let current: string[] = []
  const all = stdout.toString("utf8").split("\0")
  for (let index = 0; index < all.length - 1; index += 1) {
    const field = all[index] ?? ""
    if (field === marker) {
      index += 1
      current = []
      sections.set(all[index] ?? "", current)
    } else current.push(field)
  }
  return sections
}

const inGroupsOf = (size: number, fields: readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: Math.floor(fields.length / size) }, (_, index) => fields.slice(index * size, (index + 1) * size))

const toPathState = ([
  path = "",
  rawMode = "0",
  owner = "",
  uid = "",
  group = "",
  gid = "",
  size = "0",
  shown = "",
]: readonly string[]): PathState => {
  const bits = Number.parseInt(rawMode, 16)
  const kind = kindOf(rawMode)
  return {
    kind,
    mode: bits & 0o7777,
    owner: owner === "UNKNOWN" ? uid : owner,
    group: group === "UNKNOWN" ? gid : group,
    // What a directory takes up depends on what lies in it, which is nobody's question.
    size: kind === "directory" ? 0 : Number(size),
    ...(kind === "link" ? { target: shown.slice(path.length + " -> ".length) } : {}),
  }
}

/** One answer may hold several trees, also one below another. */
const toTrees = (
  found: readonly (readonly string[])[],
  roots: readonly string[],
): ReadonlyMap<string, readonly TreeEntry[]> => {
  const all = new Map(found.map(([path = "", rawMode = "0", device = ""]) => [path, { kind: kindOf(rawMode), device }]))
  const below = (root: string): readonly TreeEntry[] =>
    [...all]
      .filter(([path]) => path.startsWith(`${root}/`))
      .map(([path, { kind, device }]) => ({ path, kind, elsewhere: device !== all.get(root)?.device }))
      .toSorted((a, b) => (a.path < b.path ? -1 : 1))
  return new Map(roots.map((root) => [root, below(root)]))
}

const kindOf = (rawMode: string): PathState["kind"] =>
  (({ 32768: "file", 16384: "directory", 40960: "link" }) as const)[Number.parseInt(rawMode, 16) & 0xf000] ?? "other"

const decodeText = (path: string, base64: string): readonly (readonly [string, string])[] => {
  const text = readable(Buffer.from(base64, "base64"))
  return text === undefined ? [] : [[path, text]]
}

const toUser = (
  [name = "", , uid = "0", gid = "", comment = "", home = "", shell = ""]: readonly string[],
  groups: readonly (readonly string[])[],
): readonly [string, UserState] => {
  const primary = groups.find((group) => group[2] === gid)?.[0] ?? gid
  const supplementary = groups
    .filter((group) => (group[3] ?? "").split(",").includes(name))
    .map((group) => group[0] ?? "")
  return [
    name,
    {
      name,
      uid: Number(uid),
      group: primary,
      // What is left empty of a room and telephone numbers, as adduser writes it.
      comment: comment.replace(/,+$/, ""),
      home,
      shell,
      groups: supplementary.toSorted(),
    },
  ]
}

/** `systemctl show` answers in the order of its arguments, with an empty line between two units. */
const toUnits = (fields: readonly string[], names: readonly string[]): ReadonlyMap<string, UnitState> => {
  const blocks: Map<string, string>[] = [new Map()]
  for (const field of fields) {
    if (field === "" || field === "end") blocks.push(new Map())
    else blocks.at(-1)?.set(...cut(field))
  }
  const answered = blocks.filter((block) => block.size > 0)
  return new Map(names.map((name, index) => [name, toUnit(answered[index] ?? new Map())]))
}

const cut = (field: string): readonly [string, string] => {
  const at = field.indexOf("=")
  return [field.slice(0, at), field.slice(at + 1)]
}

/** States in which a unit starts at boot, or of which systemd says that enabling has no meaning. */
const enabledStates = new Set(["enabled", "enabled-runtime", "static", "alias", "indirect", "generated", "transient"])

const toUnit = (block: ReadonlyMap<string, string>): UnitState => {
  const state = block.get("ActiveState") ?? "inactive"
  return {
    exists: block.get("LoadState") === "loaded",
    active: state === "active" || state === "reloading" || state === "activating",
    enabled: enabledStates.has(block.get("UnitFileState") ?? ""),
    state,
  }
}

const toRuns = (fields: readonly string[], commands: readonly string[]): ReadonlyMap<string, RunResult> =>
  new Map(
    commands.map((command, index) => [
      command,
      { exitCode: Number(fields[index * 2] ?? "-1"), stdout: fields[index * 2 + 1] ?? "" },
    ]),
  )
