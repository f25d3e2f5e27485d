import { existsSync, readFileSync } from "node:fs"
import { isAbsolute, join, relative, resolve } from "node:path"
import type { Fleet, Resource } from "../../contract/index.ts"
import type { AdoptedCall, Adoption, OptionValue } from "../../core/index.ts"
import type { LoadedConfig } from "../config.ts"
import { type CallText, type Edited, editModule, newModule } from "./edit.ts"
import { importsOf, parseSource } from "./source.ts"

/** A file of the project that would be another. Its path is relative to the project. */
export interface ProjectFile {
  readonly path: string
  /** Absent: there is none. */
  readonly before?: Uint8Array
  readonly after: Uint8Array
}

export interface Proposal {
  readonly files: readonly ProjectFile[]
  /** Ids of resources that will be as the machine has them. */
  readonly ids: readonly string[]
  /** What has to be done by hand, and why. */
  readonly left: Edited["left"]
  /** Lines to be added to the configuration by hand, so that a list which could not be edited has them. */
  readonly lines: readonly string[]
}

/** How the project's files would say what a machine is. Writes nothing. */
export const propose = ({ file, directory }: LoadedConfig, fleet: Fleet, adoption: Adoption): Proposal => {
  const files = fileChanges(directory)
  const told = adoption.change.map((call) => tellContent(files, fleet, call))
  const add = adoption.add.map((call) => withSource(files, fleet, call))
  const config = relative(directory, file)
  const change = told.flatMap(({ call }) =>
    call === undefined || Object.keys(call.options).length === 0 ? [] : [call],
  )
  const edited = editModule(files.text(config), { spec: fleet.spec.name }, { add, change, remove: adoption.remove })
  files.write(config, edited.text)
  const elsewhere = add.filter(({ id }) => edited.left.some((left) => left.id === id))
  const own = elsewhere.length === 0 ? nothingElsewhere : putElsewhere(files, config, fleet, elsewhere)
  const left = [
    ...told.flatMap(({ why, id }) => (why === undefined ? [] : [{ id, why }])),
    ...edited.left.filter(({ id }) => !elsewhere.some((call) => call.id === id)),
    ...own.left,
  ]
  const all = [...adoption.add, ...adoption.change, ...adoption.remove].map(({ id }) => id)
  const undone = new Set([...left, ...(own.lines.length === 0 ? [] : elsewhere)].map(({ id }) => id))
  return { files: files.changed(), ids: all.filter((id) => !undone.has(id)), left, lines: own.lines }
}

/** What is to be written, by path. Each file is read once. */
interface FileChanges {
  readonly has: (path: string) => boolean
  readonly text: (path: string) => string
  readonly write: (path: string, content: string | Uint8Array) => void
  readonly changed: () => readonly ProjectFile[]
}

const fileChanges = (directory: string): FileChanges => {
  const before = new Map<string, Uint8Array | undefined>()
  const after = new Map<string, Uint8Array>()
  const read = (path: string): Uint8Array | undefined => {
    const whole = resolve(directory, path)
    if (!before.has(path)) before.set(path, existsSync(whole) ? readFileSync(whole) : undefined)
    return before.get(path)
  }
  return {
    has: (path) => after.has(path) || read(path) !== undefined,
    text: (path) => Buffer.from(after.get(path) ?? read(path) ?? []).toString(),
    write: (path, content) => {
      read(path)
      after.set(path, Buffer.from(content))
    },
    changed: () =>
      [...after].flatMap(([path, content]) => {
        const old = before.get(path)
        if (old !== undefined && Buffer.compare(old, content) === 0) return []
        return [{ path, after: content, ...(old === undefined ? {} : { before: old }) }]
      }),
  }
}

/** The content that a described file has now goes to where its description takes it from. */
const tellContent = (
  files: FileChanges,
  fleet: Fleet,
  { bytes, ...call }: AdoptedCall,
): { readonly id: string; readonly call?: CallText; readonly why?: string } => {
  const { id } = call
  if (bytes === undefined) return { id, call }
  const { resources } = fleet.spec
  if (typeof resources === "function") return { id, why: "where its content comes from depends on the machine" }
  const [source] = resources.find((resource) => resource.id === id)?.sources ?? []
  if (source === undefined) return { id, why: "this specification does not describe it itself" }
  if ("text" in source) {
    const text = Buffer.from(bytes).toString()
    if (Buffer.compare(Buffer.from(text), bytes) !== 0) return { id, why: "its content is no text any more" }
    return { id, call: { ...call, options: { ...call.options, content: text } } }
  }
  if (!("path" in source)) return { id, why: "its content holds a secret" }
  if (source.variables !== undefined) return { id, why: "its content is made from a template" }
  const why = whyNotWritten(source.path, resources)
  if (why !== undefined) return { id, why }
  files.write(join(source.path), bytes)
  return { id, call }
}

const whyNotWritten = (path: string, resources: readonly Resource[]): string | undefined => {
  if (isAbsolute(path) || join(path).startsWith("..")) return "its source lies outside of the project"
  const users = resources
    .flatMap(({ sources = [] }) => sources)
    .filter((each) => "path" in each && join(each.path) === join(path))
  return users.length > 1 ? "others have the same source" : undefined
}

const withSource = (files: FileChanges, fleet: Fleet, { bytes, ...call }: AdoptedCall): CallText => {
  if (bytes === undefined) return call
  const path = freePath(files, join("files", fleet.spec.name, call.name))
  files.write(path, bytes)
  const source: { readonly [option: string]: OptionValue } = { source: `./${path}` }
  return { ...call, options: { ...source, ...call.options } }
}

const freePath = (files: FileChanges, path: string): string => {
  for (let number = 1, free = path; ; number += 1, free = `${path}.${number}`) if (!files.has(free)) return free
}

type Elsewhere = Pick<Proposal, "left" | "lines">

const nothingElsewhere: Elsewhere = { left: [], lines: [] }

/** A list of its own, for what the specification's list could not take. */
const putElsewhere = (files: FileChanges, config: string, fleet: Fleet, add: readonly CallText[]): Elsewhere => {
  const path = `adopted/${fleet.name}.ts`
  const { text, left } = files.has(path)
    ? editModule(files.text(path), { constant: "adopted" }, { add, change: [], remove: [] })
    : { text: newModule(add), left: [] }
  files.write(path, text)
  const imported = importsOf(parseSource(files.text(config))).some(({ source }) => source.value === `./${path}`)
  const lines = [`import { adopted } from "./${path}"`, "resources: [ … , ...adopted]"]
  return { left, lines: imported || left.length > 0 ? [] : lines }
}
