import type { Ownership, Step } from "../../../contract/index.ts"
import type { Finding, Told } from "../judge.ts"
import type { FileChange, FileRecord } from "../survey.ts"
import { type Answers, unitOf } from "./ask.ts"
import { command, isCentral, type Left, type Mend } from "./mend.ts"

/** A path as it was; what is new goes, and is kept aside by the transaction. */
export const mendPath = ({ finding, file }: Told & { readonly file: FileChange }, answers: Answers): Mend | Left => {
  const { before, after, path } = file
  if (before === undefined) return { finding, doing: "remove", phase: "remove", steps: [{ do: "remove-path", path }] }
  const put = (doing: string, steps: readonly Step[]): Mend => ({ finding, doing, phase: "paths", steps })
  if (before.kind === "l" && after?.kind !== "d") return mendLink(file, before, put)
  if (before.kind === "d" && (after === undefined || after.kind === "d"))
    return after === undefined
      ? put("make again", [{ do: "make-directory", path, ...ownershipOf(before) }])
      : put("set back", [{ do: "set-ownership", path, ...ownershipOf(before) }])
  if (before.kind !== "f") return { finding, why: "what made it makes it again" }
  if (after?.kind === "d") return { finding, why: "there is a directory in its place" }
  return mendFile(finding, file, before, answers, put)
}

type Put = (doing: string, steps: readonly Step[]) => Mend

const mendLink = ({ path, after }: FileChange, before: FileRecord, put: Put): Mend => {
  const isSame = after?.kind === "l" && after.target === before.target
  if (!isSame) return put("link again", [{ do: "make-link", path, target: before.target }])
  const own = ({ owner, group }: FileRecord): readonly string[] => ["chown", "-h", "--", `${owner}:${group}`, path]
  return put("set back", [command(own(before), own(after))])
}

const mendFile = (
  finding: Finding,
  { path, after, content, capable }: FileChange,
  before: FileRecord,
  answers: Answers,
  put: Put,
): Mend | Left => {
  const isWhole = after?.kind === "f" && content !== true && capable !== true
  if (isWhole) return put("set back", [{ do: "set-ownership", path, ...ownershipOf(before) }])
  if (answers.capable.has(path))
    return { finding, why: `its package gives it capabilities: apt-get install --reinstall ${finding.package}` }
  const kept = answers.contents.get(path)
  if (kept === undefined || kept === "same") return { finding, why: "the machine said nothing of it" }
  if ("why" in kept) return { finding, why: kept.why }
  const { sha256, size } = kept
  return put("put back", [{ do: "write-file", path, content: { sha256, size }, ...ownershipOf(before) }])
}

const ownershipOf = ({ mode, owner, group }: FileRecord): Ownership => ({
  mode: Number.parseInt(mode, 8),
  owner,
  group,
})

/** What runs by a file that is put back runs by the old one until it is restarted. One that goes with its file does not. */
export const restartsFor = (
  { file }: Told & { readonly file: FileChange },
  { units, holders }: Answers,
  stopped: ReadonlySet<string>,
): readonly Step[] => {
  const isGoing = file.before === undefined && !file.path.includes(".d/")
  const own = unitOf(file.path).filter((unit) => !isGoing && /ActiveState=active/.test(units.get(unit) ?? ""))
  const running = (holders.get(`process ${file.path}`) ?? []).map(({ service }) => service)
  return [...own, ...running.filter((service) => service !== "" && !isCentral(service))]
    .filter((unit) => !stopped.has(unit))
    .map((unit) => ({ do: "restart-unit", unit }))
}
