import type { Content } from "./resource.ts"

/** Who may do what with a path. */
export interface Ownership {
  /** Permission bits, such as 0o644. */
  readonly mode: number
  readonly owner: string
  readonly group: string
}

/** The closed set of things that core can do to a machine. Each has an inverse that core knows. */
export type Step =
  | ({ readonly do: "write-file"; readonly path: string; readonly content: Content } & Ownership)
  /** `ifMissing`: one that an earlier step brought (a package's) stays as it came. */
  | ({ readonly do: "make-directory"; readonly path: string; readonly ifMissing?: true } & Ownership)
  | { readonly do: "make-link"; readonly path: string; readonly target: string }
  | ({ readonly do: "set-ownership"; readonly path: string } & Ownership)
  /** Removes a file, a link, or an empty directory. */
  | { readonly do: "remove-path"; readonly path: string }
  | { readonly do: "install-packages"; readonly packages: readonly PackageWant[] }
  /**
   * Brings those that the machine has to just these versions, as asked for or not as they were before, and starts again
   * what still runs what was replaced.
   */
  | { readonly do: "upgrade-packages"; readonly packages: readonly Required<PackageWant>[] }
  /** Removes these, and those of `alongside` that nothing needs any more. */
  | { readonly do: "remove-packages"; readonly packages: readonly string[]; readonly alongside: readonly string[] }
  | { readonly do: "add-group"; readonly name: string; readonly system: boolean; readonly gid?: number }
  | { readonly do: "change-group"; readonly name: string; readonly gid: number }
  | { readonly do: "remove-group"; readonly name: string }
  | ({ readonly do: "add-user" } & AccountWant)
  | ({ readonly do: "change-user" } & AccountWant)
  | { readonly do: "remove-user"; readonly name: string }
  | { readonly do: "reload-units" }
  | { readonly do: UnitVerb; readonly unit: string }
  | CommandStep

export type UnitVerb = "enable-unit" | "disable-unit" | "start-unit" | "stop-unit" | "restart-unit" | "reload-unit"

export interface PackageWant {
  readonly name: string
  /** Absent: whatever the sources offer. */
  readonly version?: string
}

export interface AccountWant {
  readonly name: string
  readonly system: boolean
  readonly uid?: number
  readonly group?: string
  readonly groups?: readonly string[]
  readonly comment?: string
  readonly home?: string
  readonly createHome?: boolean
  readonly shell?: string
}

export interface CommandStep {
  readonly do: "run-command"
  readonly argv: readonly string[]
  /** How to take it back. Absent: it cannot be undone, and the plan says so. */
  readonly undo?: readonly string[]
  readonly user?: string
  readonly directory?: string
  readonly environment?: { readonly [name: string]: string }
  /** Lines of shell that export variables which are secrets. */
  readonly secrets?: Content
}

/** Steps that only mean something while a machine runs: left out when an image is baked, where boot does them. */
export const isRuntimeStep = (step: Step): boolean =>
  step.do === "start-unit" ||
  step.do === "stop-unit" ||
  step.do === "restart-unit" ||
  step.do === "reload-unit" ||
  step.do === "reload-units"
