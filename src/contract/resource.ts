import type { Eyes } from "./eyes.ts"
import type { Sealed, SecretData, SecretReference } from "./secret.ts"
import type { Step } from "./step.ts"

/** JSON data: what releases are made of, stored and compared. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** One thing that should be so on a machine. Frozen data; `type` names the {@link ResourceType} that understands it. */
export interface Resource {
  readonly type: string
  /** Unique within a spec, for example `file:/etc/motd`. */
  readonly id: string
  /** The wanted values, as that type defines them. */
  readonly want: Json
  /** Content that the want refers to by its place here. */
  readonly sources?: readonly SourceReference[]
  /** Words to choose it by, for runs that are limited to some of a spec. */
  readonly tags?: readonly string[]
}

/** Content that a resource needs: a file on the controller, relative to the configuration, or text as it is. */
export type SourceReference =
  | { readonly path: string; readonly at: string; readonly variables?: TemplateVariables }
  | { readonly text: string }
  /** The value of a secret. */
  | { readonly secret: SecretData; readonly at: string }
  /** Variables of an environment that are secrets, and for whom they are written down. */
  | {
      readonly assignments: { readonly [name: string]: SecretData }
      readonly form: "unit" | "shell"
      readonly at: string
    }

/** What a template may use as `{{ name }}`. */
export type TemplateVariables = { readonly [name: string]: string | number | SecretReference }

/** Content that was read from a source, or given inline: by digest, so that wants stay small and comparable. */
export interface Content {
  /** Lower-case hexadecimal sha256; of content that holds secrets, under the project's key, as what is observed is then too. */
  readonly sha256: string
  /** Bytes; of content that holds secrets only roughly. */
  readonly size: number
  /** It holds secrets, and is made like this when it is needed. Its text is never known to a plan. */
  readonly sealed?: Sealed
}

/** What a plan may know beyond want and have. */
export interface PlanContext {
  /** Ids of the resources before this one that will change. */
  readonly changed: ReadonlySet<string>
  /** Content of this resource's sources, in their order. */
  readonly contents: readonly Content[]
  /** Directories that earlier steps of the same plan will have made. */
  readonly willExist: ReadonlySet<string>
  /** Paths that the whole description is about: other resources, volumes, homes. */
  readonly described: ReadonlySet<string>
  /** Those of them that answer for all below them: directories, volumes, homes. */
  readonly owners: ReadonlySet<string>
  /** Paths that earlier steps of the same plan will have removed. */
  readonly gone: ReadonlySet<string>
  /** Texts that earlier steps of the same plan will have written, by path. */
  readonly written: ReadonlyMap<string, string>
  /** Text of the wanted contents, where they are short and readable, for diffs. */
  readonly texts: readonly (string | undefined)[]
}

/** A readable difference: what is, what will be. */
export interface Change {
  /** The property: `content`, `mode`, `version` … */
  readonly property: string
  readonly from: string | null
  readonly to: string | null
}

/** The answer of a resource: what differs, and what to do about it. No steps: it is as it should be. */
export interface ResourcePlan {
  readonly changes: readonly Change[]
  readonly steps: readonly Step[]
  /** The thing was not there at all: what Fireclay creates it may one day remove. */
  readonly creates?: boolean
  /** Texts that its steps write and that no source gave, by sha256. */
  readonly texts?: ReadonlyMap<string, string>
  /** Nothing is wrong with it; it only answers the change of another resource. */
  readonly reacts?: boolean
}

/**
 * How a type of resource looks at a machine and what it would do. It never acts.
 * `want` reaches it as it was stored: types that take it apart validate it when it is built.
 */
export interface ResourceType<Want extends Json = Json, Have = unknown> {
  readonly type: string
  /** Asks through `eyes`, which cannot write. */
  readonly observe: (eyes: Eyes, want: Want, contents: readonly Content[]) => Promise<Have>
  /** Pure: the steps from `have` to `want`. */
  readonly plan: (want: Want, have: Have, context: PlanContext) => ResourcePlan
  /** Ids, or paths, of the resources whose change it reacts to. What it was kept from reacting to, it owes. */
  readonly answersTo?: (want: Want) => readonly string[]
  /** Pure: the steps that take away what Fireclay made, once the resource has left the spec. */
  readonly remove: (want: Want, have: Have, context: Pick<PlanContext, "written">) => ResourcePlan
}
