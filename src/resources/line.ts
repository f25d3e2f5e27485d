import { createHash } from "node:crypto"
import { z } from "zod"
import {
  FireclayError,
  type PathState,
  type Resource,
  type ResourcePlan,
  type ResourceType,
} from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { machinePath } from "../schema/fields.ts"
import { compact, defineResource, nothingToDo } from "./define.ts"

export interface LineOptions {
  /** The whole line, without its end. */
  readonly line: string
  /**
   * A regular expression: the last line that it matches is replaced; where none is, the line is added at the end. It must
   * match `line` too, so that the next run finds what this one wrote.
   */
  readonly match?: string
  /** `absent` takes away every such line. Default: `"present"`. */
  readonly state?: "present" | "absent"
}

type LineWant = { readonly path: string; readonly line: string; readonly match?: string; readonly absent?: true }

interface LineHave {
  readonly state: PathState | undefined
  readonly text: string | undefined
}

const construct = (path: string, options: LineOptions): Resource => {
  const at = `line("${path}")`
  check(machinePath, path, at)
  const { line: text, match, state } = check(schema, options, at)
  if (match !== undefined && state === "present" && !new RegExp(match).test(text))
    throw new FireclayError(
      "FC_SPEC_VALUE",
      "match does not match the line itself, which would be added at every run",
      {
        at: `${at}.match`,
        remedy: `let it match ${JSON.stringify(text)} as well`,
      },
    )
  return {
    type: "line",
    id: `line:${path}:${match ?? text}`,
    want: compact({ path, line: text, match, absent: state === "absent" ? true : undefined }),
  }
}

const schema = z.strictObject({
  line: z.string().regex(/^[^\0\r\n]+$/, "a line has text and no line break"),
  match: z.string().min(1).refine(isExpression, "not a regular expression").optional(),
  state: z.enum(["present", "absent"]).default("present"),
})

function isExpression(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp
  } catch {
    return false
  }
}

const resourceType: ResourceType<LineWant, LineHave> = {
  type: "line",

  observe: async (eyes, want) => {
    const [state, text] = await Promise.all([eyes.stat(want.path), eyes.text(want.path)])
    return { state, text }
  },

  plan: (want, have, { written, gone }) => {
    const text = currentText(want, have, written, gone)
    if (text === undefined && want.absent === true) return nothingToDo
    if (text === undefined) throw refuse(want, "is not there")
    const { lines, end } = linesOf(text)
    const found = lines.findLastIndex((line) => isMeant(want, line))
    const before = lines[found] ?? ""
    if (want.absent === true) {
      const left = lines.filter((line) => !isMeant(want, line))
      return found === -1 ? nothingToDo : rewrite(want, have, before, null, textOf(left, end))
    }
    if (found === -1)
      return { ...rewrite(want, have, null, want.line, textOf([...lines, want.line], "\n")), creates: true }
    if (before === want.line) return nothingToDo
    return rewrite(want, have, before, want.line, textOf(lines.with(found, want.line), end))
  },

  // One that replaced another is not Fireclay's to take away: what stood there before is not known any more.
  remove: (want, have, { written }) => {
    const { lines, end } = linesOf(written.get(want.path) ?? have.text ?? "")
    const found = want.absent === true || have.state?.kind !== "file" ? -1 : lines.lastIndexOf(want.line)
    return found === -1 ? nothingToDo : rewrite(want, have, want.line, null, textOf(lines.toSpliced(found, 1), end))
  },
}

/** `undefined`: there is no such file. */
const currentText = (
  want: LineWant,
  { state, text }: LineHave,
  written: ReadonlyMap<string, string>,
  gone: ReadonlySet<string>,
): string | undefined => {
  const earlier = written.get(want.path)
  if (earlier !== undefined) return earlier
  if (state === undefined || gone.has(want.path)) return undefined
  if (state.kind !== "file") throw refuse(want, `is no file but a ${state.kind}`)
  if (text === undefined) throw refuse(want, "is larger than 64 KiB, or no UTF-8 text")
  return text
}

const isMeant = ({ line: own, match }: LineWant, line: string): boolean =>
  match === undefined ? line === own : new RegExp(match).test(line)

const linesOf = (text: string): { readonly lines: readonly string[]; readonly end: "\n" | "" } => {
  if (text === "") return { lines: [], end: "\n" }
  return text.endsWith("\n")
    ? { lines: text.slice(0, -1).split("\n"), end: "\n" }
    : { lines: text.split("\n"), end: "" }
}

const textOf = (lines: readonly string[], end: "\n" | ""): string =>
  lines.length === 0 ? "" : `${lines.join("\n")}${end}`

const rewrite = (
  { path }: LineWant,
  { state }: LineHave,
  from: string | null,
  to: string | null,
  text: string,
): ResourcePlan => {
  const sha256 = createHash("sha256").update(text).digest("hex")
  const { mode, owner, group } = state ?? { mode: 0o644, owner: "root", group: "root" }
  const content = { sha256, size: Buffer.byteLength(text) }
  return {
    changes: [{ property: "line", from, to }],
    steps: [{ do: "write-file", path, content, mode, owner, group }],
    texts: new Map([[sha256, text]]),
  }
}

const refuse = ({ path }: LineWant, why: string): FireclayError =>
  new FireclayError("FC_LINE", `${path} ${why}, so no line of it can be changed`, {
    at: `line:${path}`,
    remedy: "describe the whole file: file(…); or apply first what brings it, with --only",
  })

/**
 * One line of a file that somebody else looks after. The rest of it stays as it is. The file has to be there, and have at
 * most 64 KiB.
 *
 * @example
 * line("/etc/ssh/sshd_config", { match: "^#?PermitRootLogin ", line: "PermitRootLogin no" })
 */
export const line = defineResource(construct, resourceType)
