import { readFile } from "node:fs/promises"
import { resolve } from "node:path"
import {
  type Base,
  type Content,
  FireclayError,
  type Health,
  type Json,
  type Resource,
  type SourceReference,
  type Spec,
  type Volume,
} from "../contract/index.ts"
import { digestOf, sha256 } from "./canonical.ts"
import { runResources } from "./run-unit.ts"

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
  readonly resources: readonly ReleasedResource[]
  readonly volumes: readonly Volume[]
  /** Directories that stay writable where the rest is read-only. */
  readonly scratch: readonly string[]
  readonly port?: number
  readonly health?: Health
}

/** A manifest with the bytes that it names. */
export interface Bundle {
  readonly manifest: Manifest
  readonly digest: string
  readonly bytes: ReadonlyMap<string, Uint8Array>
}

/**
 * Turns a spec into what would be released: `run` spelled out, every source read and hashed.
 *
 * @param directory what sources are relative to
 * @throws FireclayError FC_SPEC_SOURCE, FC_SPEC_TEMPLATE
 */
export const bundle = async (spec: Spec, directory: string): Promise<Bundle> => {
  const bytes = new Map<string, Uint8Array>()
  const release = async (resource: Resource): Promise<ReleasedResource> => {
    const contents: Content[] = []
    for (const source of resource.sources ?? []) {
      const content = await readSource(source, directory)
      const digest = sha256(content)
      bytes.set(digest, content)
      contents.push({ sha256: digest, size: content.length })
    }
    return { type: resource.type, id: resource.id, want: resource.want, contents }
  }
  const resources = await Promise.all([...spec.resources, ...runResources(spec)].map(release))
  const manifest: Manifest = {
    spec: spec.name,
    base: spec.base,
    resources,
    volumes: spec.volumes,
    scratch: spec.run?.writable ?? [],
    ...(spec.port === undefined ? {} : { port: spec.port }),
    ...(spec.health === undefined ? {} : { health: spec.health }),
  }
  return { manifest, digest: `sha256:${digestOf(manifest)}`, bytes }
}

const readSource = async (source: SourceReference, directory: string): Promise<Uint8Array> => {
  if ("text" in source) return Buffer.from(source.text)
  const content = await readFile(resolve(directory, source.path)).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" ? "is not there" : `cannot be read (${cause.code})`
    throw new FireclayError("FC_SPEC_SOURCE", `the source file ${source.path} ${why}`, {
      at: source.at,
      remedy: `paths are relative to ${directory}`,
      cause,
    })
  })
  return source.variables === undefined ? content : Buffer.from(fill(content.toString(), source.variables, source.at))
}

/** Replaces `{{ name }}`. Nothing else is a template language here, so nothing that a machine says can become code. */
const fill = (template: string, variables: { readonly [name: string]: string | number }, at: string): string =>
  template.replace(/\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g, (_whole, name: string) => {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (value === undefined)
      throw new FireclayError("FC_SPEC_TEMPLATE", `the template uses {{ ${name} }}, which no variable gives`, {
        at,
        remedy: `add ${name} to variables; known: ${Object.keys(variables).join(", ") || "none"}`,
      })
    return String(value)
  })
