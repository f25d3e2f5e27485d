import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import {
  type Base,
  type Content,
  FireclayError,
  type Health,
  isSecret,
  type Json,
  type ProcessWant,
  type Resource,
  type Sealed,
  type SecretData,
  type SourceReference,
  type Spec,
  type TemplateVariables,
  type UserData,
  type Volume,
} from "../contract/index.ts"
import { rootOf, sharesBelow, specsBelow } from "./base.ts"
import { digestOf, sha256 } from "./canonical.ts"
import type { FactsByMachine } from "./facts/remember.ts"
import { movesOf } from "./lock.ts"
import { listsOf, mapLists, poolLists, tagsOf } from "./machine-lists.ts"
import { programOf } from "./process.ts"
import { withProcfile } from "./procfile.ts"
import { taskUnitName, writableOf } from "./run-unit.ts"
import { type Opened, sealedContent } from "./seal.ts"
import { userDataOf } from "./start-files.ts"
import { fill } from "./template.ts"

/** A resource as a release keeps it: its content by digest. */
export interface ReleasedResource {
  readonly type: string
  readonly id: string
  readonly want: Json
  readonly contents: readonly Content[]
}

/** All that a release is, as JSON. Equal manifests have equal digests. */
export interface Manifest {
  readonly spec: string
  readonly base: Base
  /** How often the lock of the base was moved; absent: never. */
  readonly lock?: number
  /** Whose the first of `resources` are, where the spec is based on others: the lowest first. Absent: all are its own. */
  readonly below?: readonly { readonly spec: string; readonly resources: number }[]
  readonly resources: readonly ReleasedResource[]
  /** Where the list depends on the machine: which of `resources` each one gets, in order. Absent: all of them. */
  readonly machines?: { readonly [name: string]: readonly number[] }
  readonly volumes: readonly Volume[]
  /** Directories that stay writable where the rest is read-only. */
  readonly scratch: readonly string[]
  readonly userData?: UserData
  /** What runs once in each rollout to this release. */
  readonly task?: { readonly unit: string; readonly timeoutMs: number }
  /** What an instance starts where it boots no systemd. Absent: nothing, or the release was made before. */
  readonly run?: ProcessWant
  readonly port?: number
  readonly health?: Health
}

/** A manifest with the bytes that it names. */
export interface Bundle {
  readonly manifest: Manifest
  readonly digest: string
  readonly bytes: ReadonlyMap<string, Uint8Array>
  /** What the machines said of themselves when their lists were made. Absent: no list depends on it, or it was made before. */
  readonly facts?: FactsByMachine
  /** Set once its secrets were read, by `openBundle`. */
  readonly opened?: Opened
  /** Tags of its resources, by id. No part of a release: they change nothing on a machine. */
  readonly tags?: ReadonlyMap<string, readonly string[]>
}

/**
 * Turns a spec into what would be released: `run` spelled out, every source read and hashed. Secrets are named, not read.
 *
 * @param directory what sources are relative to
 * @param facts what the machines say of themselves, where the list of resources depends on it
 * @throws FireclayError FC_PROCFILE, FC_SPEC_SOURCE, FC_SPEC_TEMPLATE, FC_FLEET_DELIVERY
 */
export const bundle = async (given: Spec, directory: string, facts?: FactsByMachine): Promise<Bundle> => {
  const spec = withProcfile(given, directory)
  const bytes = new Map<string, Uint8Array>()
  const keep = (kept: Uint8Array): Content => {
    const content = { sha256: sha256(kept), size: kept.length }
    bytes.set(content.sha256, kept)
    return content
  }
  const contentOf = (read: Read): Content => {
    if ("bytes" in read) return keep(read.bytes)
    if (read.template !== undefined) keep(read.template)
    return sealedContent(read.sealed)
  }
  const release = ({ type, id, want, sources = [] }: Resource): ReleasedResource => ({
    type,
    id,
    want,
    contents: sources.map((source) => contentOf(readSource(source, directory))),
  })
  const lock = movesOf(rootOf(spec), directory)
  const described = listsOf(spec, facts)
  const lists = mapLists(described, (resources) => resources.map(release))
  const below = sharesBelow(spec)
  const manifest: Manifest = {
    spec: spec.name,
    base: rootOf(spec),
    ...(below.length === 0 ? {} : { below }),
    ...(lock === 0 ? {} : { lock }),
    ...poolLists(lists),
    volumes: spec.volumes.map(({ protect: _protect, ...volume }) => volume),
    scratch: [...new Set([...specsBelow(spec), spec].flatMap(writableOf))],
    ...(spec.release === undefined ? {} : { task: { unit: taskUnitName(spec), timeoutMs: spec.release.timeoutMs } }),
    ...userDataOf(spec),
    ...programOf(spec),
    ...(spec.port === undefined ? {} : { port: spec.port }),
    ...(spec.health === undefined ? {} : { health: spec.health }),
  }
  const known = typeof spec.resources === "function" && facts !== undefined ? { facts } : {}
  return { manifest, digest: `sha256:${digestOf(manifest)}`, bytes, tags: tagsOf(described), ...known }
}

type Read = { readonly bytes: Uint8Array } | { readonly sealed: Sealed; readonly template?: Uint8Array }

/**
 * What a source is: bytes; or, where it takes secrets, how it will be made once they are needed. Read at once: to
 * wait for each of a thousand small files takes longer than to read them.
 */
const readSource = (source: SourceReference, directory: string): Read => {
  if ("text" in source) return { bytes: Buffer.from(source.text) }
  if ("secret" in source) return { sealed: { secret: source.secret } }
  if ("assignments" in source) return { sealed: { assignments: source.assignments, form: source.form } }
  const content = readFile(source, directory)
  if (source.variables === undefined) return { bytes: content }
  // Filled in any case: a mistake in it is told before any secret is read.
  const filled = fill(content.toString(), source.variables, source.at)
  const used = pickSecrets(source.variables)
  if (used === undefined) return { bytes: Buffer.from(filled) }
  return { sealed: { template: sha256(content), variables: used }, template: content }
}

const readFile = ({ path, at }: Extract<SourceReference, { readonly path: string }>, directory: string): Buffer => {
  try {
    return readFileSync(resolve(directory, path))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === "ENOENT" ? "is not there" : `cannot be read (${code})`
    const remedy = `paths are relative to ${directory}`
    throw new FireclayError("FC_SPEC_SOURCE", `the source file ${path} ${why}`, { at, remedy, cause })
  }
}

/** The variables as data, if there is a secret among them. */
const pickSecrets = (variables: TemplateVariables): { [name: string]: string | number | SecretData } | undefined =>
  Object.values(variables).some(isSecret)
    ? Object.fromEntries(
        Object.entries(variables).map(([name, value]) => [name, isSecret(value) ? { ...value } : value]),
      )
    : undefined
