import { type DriftKind, pathPattern, varyingPath } from "../../contract/index.ts"
import type { Manifest } from "../release.ts"
import { ancestors, isElevated, isExecutable, kindOf } from "./kinds.ts"
import { loudPattern, quietPattern } from "./quiet.ts"
import { noRules, type RulesNow, ruleFor } from "./rules.ts"
import type { FileChange, FileRecord, Survey, ThingChange } from "./survey.ts"
import { isPassing } from "./things.ts"

/** Something that nobody asked for. */
export interface Finding {
  readonly kind: DriftKind
  /** A path, or a name. */
  readonly what: string
  readonly change: "added" | "changed" | "removed"
  /** In words: what it was and is. */
  readonly details: readonly string[]
  /** Of a file that is there: who has it, its bytes, when it last changed (ISO 8601). */
  readonly owner?: string
  readonly size?: number
  readonly at?: string
  /** The package that it belongs to. */
  readonly package?: string
  /** The place of the rule that hides it. */
  readonly ignoredBy?: number
}

/** One thing that nobody asked for, with what was seen of it. */
export interface Told {
  readonly finding: Finding
  /** Of a path, or of anything else; neither: a name that nobody means. */
  readonly file?: FileChange
  readonly thing?: ThingChange
}

export interface JudgeOptions {
  /** Of an image: no program comes after the start, wherever it is. */
  readonly instance?: boolean
  readonly rules?: RulesNow
}

export interface Judged {
  readonly findings: readonly Finding[]
  /** How much changed that is data, or varies by nature. */
  readonly data: number
  readonly varied: number
}

type Described = Pick<Manifest, "resources" | "volumes" | "scratch">

/** Pure: what of a survey nobody asked for. What the release describes is left out: a plan tells of it. */
export const judge = (survey: Survey, manifest: Described, options: JudgeOptions = {}): Judged => {
  const { told, ...counts } = judgeEach(survey, manifest, options)
  return { findings: fold(told.map(({ finding }) => finding)), ...counts }
}

/** Pure: the same, one by one. */
export const judgeEach = (
  survey: Survey,
  manifest: Described,
  { instance = false, rules = noRules }: JudgeOptions = {},
): Omit<Judged, "findings"> & { readonly told: readonly Told[] } => {
  const described = describedBy(manifest)
  const quiet = new RegExp(quietPattern(manifest))
  const loud = new RegExp(loudPattern(rules.watch))
  const watched = rules.watch.map(({ path }) => new RegExp(pathPattern(path), "s"))
  const mark = (finding: Finding): Finding => {
    const ignoredBy = ruleFor(rules.ignore, finding)
    return ignoredBy === undefined ? finding : { ...finding, ignoredBy }
  }
  const scene = { described, quiet, loud, watched, instance }
  const verdicts = survey.files.map((file) => ({ file, verdict: judgeFile(file, scene) }))
  const things = survey.things.filter(
    (change) =>
      !described.has(`${change.kind} ${change.name.replace(/:[^:]*$/, "")}`) &&
      !described.has(`${change.kind} ${change.name}`) &&
      !isPassing(change),
  )
  return {
    told: [
      ...verdicts.flatMap(({ file, verdict }) =>
        typeof verdict === "object" ? [{ finding: mark(verdict), file }] : [],
      ),
      ...things.map((thing) => ({ finding: mark(toFinding(thing)), thing })),
      ...survey.odd.map((what) => ({ finding: mark({ kind: "odd name", what, change: "added", details: [] }) })),
    ],
    data: verdicts.filter(({ verdict }) => verdict === "data").length,
    varied: verdicts.filter(({ verdict }) => verdict === "varied").length + survey.things.length - things.length,
  }
}

interface Scene {
  readonly described: ReadonlySet<string>
  readonly quiet: RegExp
  readonly loud: RegExp
  /** Counts, whatever it is. */
  readonly watched: readonly RegExp[]
  readonly instance: boolean
}

const judgeFile = (change: FileChange, scene: Scene): Finding | "data" | "varied" | undefined => {
  const { path, before, after } = change
  const isQuiet = scene.quiet.test(path) && !scene.loud.test(path)
  const details = describeChange(change, isQuiet)
  if (before !== undefined && after !== undefined && details.length === 0) return undefined
  if (scene.described.has(path) || startsDescribed(path, scene.described)) return undefined
  if (after?.kind === "f" && isElevated(after.mode)) return found(change, details)
  if (isParsed(change, details)) return undefined
  const known = scene.watched.some((pattern) => pattern.test(path)) ? undefined : quietReason(path, isQuiet)
  return known === undefined || isProgramToTell(change, scene) ? found(change, details) : known
}

const quietReason = (path: string, isQuiet: boolean): "data" | "varied" | undefined => {
  const varying = varyingPath(path)
  if (varying !== undefined && varying.kind !== "machine") return "varied"
  return isQuiet ? "data" : undefined
}

/** Where programs write, nobody puts programs; among people's data somebody may. */
const isProgramToTell = (change: FileChange, { instance }: Scene): boolean =>
  isNewProgram(change) && (instance || /^\/var\/(cache|log|lib|spool)\//.test(change.path))

/** It can be started now, and could not before. */
const isNewProgram = ({ before, after }: FileChange): boolean =>
  after?.kind === "f" && isExecutable(after.mode) && (before === undefined || !isExecutable(before.mode))

/** Files that are told entry by entry, as accounts: of the files themselves only who may read them counts. */
const isParsed = ({ path, before, after }: FileChange, details: readonly string[]): boolean =>
  /^\/etc\/(passwd|group|shadow|gshadow)$/.test(path) &&
  before !== undefined &&
  after !== undefined &&
  details.every((detail) => detail === "content" || detail.startsWith("size"))

const found = (change: FileChange, details: readonly string[]): Finding => {
  const { path, before, after } = change
  const shown = (after ?? before) as FileRecord
  return {
    kind: kindOf(path, before !== undefined && isElevated(before.mode) ? before : shown),
    what: path,
    change: before === undefined ? "added" : after === undefined ? "removed" : "changed",
    details,
    ...(after === undefined
      ? {}
      : {
          owner: `${after.owner}:${after.group}`,
          ...(after.kind === "f" ? { size: Number(after.size) } : {}),
          at: new Date(after.modified * 1000).toISOString(),
        }),
  }
}

const properties = ["kind", "mode", "owner", "group", "size", "target"] as const

/** What is otherwise. Times say nothing by themselves; of what is not read, neither does the size. */
const describeChange = ({ before, after, content, capable }: FileChange, isQuiet: boolean): readonly string[] => {
  if (before === undefined || after === undefined) {
    const { mode, target, kind } = (after ?? before) as FileRecord
    return kind === "l" ? [`to ${target}`] : [`mode ${mode}`]
  }
  return [
    ...properties
      .filter((property) => before[property] !== after[property] && !(property === "size" && isQuiet))
      .map((property) => `${property} ${before[property]} → ${after[property]}`),
    ...(content === true && !isQuiet ? ["content"] : []),
    ...(capable === true ? ["has capabilities"] : []),
  ]
}

/**
 * A directory that came or went stands for all that came or went with it, but for what needs to be seen by itself, and what
 * other rules hide.
 */
const fold = (findings: readonly Finding[]): readonly Finding[] => {
  const whole = new Map(
    findings
      .filter(({ kind, change }) => kind === "directory" && change !== "changed")
      .map((finding) => [finding.what, finding]),
  )
  const topOf = ({ what, change, ignoredBy }: Finding): string | undefined =>
    ancestors(what).find((up) => whole.get(up)?.change === change && whole.get(up)?.ignoredBy === ignoredBy)
  const below = new Map<string, number>()
  const shown = findings.filter((finding) => {
    const top = topOf(finding)
    if (top === undefined || !["file", "directory", "link", "program"].includes(finding.kind)) return true
    below.set(top, (below.get(top) ?? 0) + 1)
    return false
  })
  return shown.map((finding) => {
    const count = below.get(finding.what)
    return count === undefined ? finding : { ...finding, details: [...finding.details, `with ${count} below it`] }
  })
}

const toFinding = ({ kind, name, before, after }: ThingChange): Finding => ({
  kind,
  what: name,
  change: before === undefined ? "added" : after === undefined ? "removed" : "changed",
  details:
    kind === "password"
      ? [before === undefined || after === undefined ? "" : "another"].filter(Boolean)
      : [before !== undefined && after !== undefined ? `${before} → ${after}` : (after ?? before ?? "")].filter(
          Boolean,
        ),
})

/** What is kept of whether a unit starts at boot: the link, or the directory that links are in; and the same for init scripts. */
export const enablement = (path: string): { readonly unit?: string } | undefined => {
  const [, script] = /^\/etc\/rc[0-6S]\.d\/[SK]\d\d(.+)$/.exec(path) ?? []
  if (script !== undefined) return { unit: `${script}.service` }
  const [whole, unit] = /^\/etc\/systemd\/system\/[^/]+\.(?:wants|requires)(?:\/([^/]+))?$/.exec(path) ?? []
  if (whole === undefined) return undefined
  return unit === undefined ? {} : { unit }
}

const startsDescribed = (path: string, described: ReadonlySet<string>): boolean => {
  const started = enablement(path)
  if (started === undefined) return false
  return started.unit === undefined ? [...described].some(isUnit) : described.has(`enabled unit ${started.unit}`)
}

const isUnit = (name: string): boolean => name.startsWith("enabled unit ")

/** Paths, and other things by kind and name, that the release itself describes. */
const describedBy = ({ resources }: Pick<Manifest, "resources">): ReadonlySet<string> =>
  new Set(
    resources.flatMap(({ type, want }) => {
      const { path, name, unit } = want as { readonly path?: string; readonly name?: string; readonly unit?: string }
      if (path !== undefined) return [path]
      if (unit !== undefined) return [`running unit ${unit}`, `enabled unit ${unit}`]
      return type === "user" ? [`account ${name}`, `group ${name}`, `password ${name}`] : [`${type} ${name}`]
    }),
  )
