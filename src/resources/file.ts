import { z } from "zod"
import type { Change, Content, PathState, Resource, ResourceType, SourceReference } from "../contract/index.ts"
import { describeSealed, FireclayError, isSecret, type SecretReference } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { machinePath, mode, name, secretReference } from "../schema/fields.ts"
import { defineResource, nothingToDo } from "./define.ts"
import { makeAncestors, missingAncestors, ownershipChanges } from "./ownership.ts"

export interface FileOptions {
  /** The text itself, or a secret. */
  readonly content?: string | SecretReference
  /** A file on the controller, relative to the configuration; its bytes are taken as they are. */
  readonly source?: string
  /** Like `source`, but `{{ name }}` is replaced from `variables`; an unknown name is an error. */
  readonly template?: string
  readonly variables?: { readonly [name: string]: string | number | SecretReference }
  /** Default: `0o644`; of a file with secrets, also in a template, `0o600`. */
  readonly mode?: number | string
  /** Default: `"root"`. */
  readonly owner?: string
  /** Default: the group called like the owner. */
  readonly group?: string
}

type FileWant = { readonly path: string; readonly mode: number; readonly owner: string; readonly group: string }

interface FileHave {
  readonly state: PathState | undefined
  readonly sha256: string | undefined
  readonly text: string | undefined
  readonly missing: readonly string[]
}

const construct = (path: string, options: FileOptions): Resource => {
  const at = `file("${path}")`
  check(machinePath, path, at)
  const { content, source, template, variables, owner, ...rest } = check(schema, options, at)
  const given = [content, source, template].filter((value) => value !== undefined)
  if (given.length !== 1)
    throw new FireclayError("FC_SPEC_VALUE", "a file needs exactly one of content, source and template", {
      at,
      remedy: "keep one of them",
    })
  const isSecretive = [content, ...Object.values(variables ?? {})].some(isSecret)
  return {
    type: "file",
    id: `file:${path}`,
    want: { path, owner, group: owner, ...rest, mode: rest.mode ?? (isSecretive ? 0o600 : 0o644) } as FileWant,
    sources: [toSource(at, { content, source, template, variables })],
  }
}

const schema = z.strictObject({
  content: z.union([z.string(), secretReference]).optional(),
  source: z.string().min(1).optional(),
  template: z.string().min(1).optional(),
  variables: z.record(z.string(), z.union([z.string(), z.number(), secretReference])).optional(),
  mode: mode.optional(),
  owner: name.default("root"),
  group: name.optional(),
})

const toSource = (
  at: string,
  {
    content,
    source,
    template,
    variables = {},
  }: { readonly content: FileOptions["content"] } & { readonly [K in "source" | "template"]: string | undefined } & {
    readonly variables: FileOptions["variables"]
  },
): SourceReference => {
  if (isSecret(content)) return { secret: { ...content }, at: `${at}.content` }
  if (content !== undefined) return { text: content }
  if (source !== undefined) return { path: source, at: `${at}.source` }
  return { path: template ?? "", at: `${at}.template`, variables }
}

const resourceType: ResourceType<FileWant, FileHave> = {
  type: "file",

  observe: async (eyes, want, [content]) => {
    const [state, sha256, missing] = await Promise.all([
      eyes.stat(want.path),
      eyes.sha256(want.path),
      missingAncestors(eyes, want.path),
    ])
    const differs = state?.kind === "file" && sha256 !== content?.sha256
    return { state, sha256, missing, text: differs ? await eyes.text(want.path) : undefined }
  },

  plan: (want, have, context) => {
    const [content] = context.contents
    if (content === undefined) return nothingToDo
    const { state } = have
    const same = state?.kind === "file" && have.sha256 === content.sha256
    const ownership = state?.kind === "file" ? ownershipChanges(want, state) : []
    if (same && ownership.length === 0) return nothingToDo
    if (same) return { changes: ownership, steps: [{ do: "set-ownership", ...want }] }
    return {
      changes: [contentChange(have, content, context.texts[0]), ...ownership],
      steps: [...makeAncestors(want.path, have.missing, context), { do: "write-file", content, ...want }],
      creates: state === undefined,
    }
  },

  remove: (want, { state }) =>
    state?.kind === "file"
      ? {
          changes: [{ property: "file", from: `${state.size} bytes`, to: null }],
          steps: [{ do: "remove-path", path: want.path }],
        }
      : nothingToDo,
}

const contentChange = (have: FileHave, content: Content, text: string | undefined): Change => {
  const shown = content.sealed === undefined ? undefined : describeSealed(content.sealed)
  if (have.state === undefined) return { property: "content", from: null, to: shown ?? text ?? digest(content.sha256) }
  if (have.state.kind !== "file") return { property: "kind", from: have.state.kind, to: "file" }
  if (shown !== undefined) return { property: "content", from: "not shown", to: shown }
  const readable = have.text !== undefined && text !== undefined
  return readable
    ? { property: "content", from: have.text ?? null, to: text ?? null }
    : { property: "content", from: digest(have.sha256 ?? ""), to: digest(content.sha256) }
}

const digest = (sha256: string): string => `sha256:${sha256.slice(0, 12)}`

/**
 * A file on a machine.
 *
 * @example
 * file("/srv/app/app.py", { source: "./app.py", owner: "app" })
 */
export const file = defineResource(construct, resourceType)
