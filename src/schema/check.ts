import type { z } from "zod"
import { type ErrorCode, errorCodes, FireclayError, isSecret } from "../contract/index.ts"
import { closest } from "./closest.ts"

/**
 * Holds a value against a schema. The first thing that is wrong becomes an error with its place.
 *
 * @throws FireclayError FC_SPEC_UNKNOWN_KEY with a "did you mean", the code that a field carries, or FC_SPEC_VALUE
 */
export const check = <Schema extends z.ZodType>(schema: Schema, value: unknown, at: string): z.output<Schema> => {
  const result = schema.safeParse(value)
  if (result.success) {
    const joined = joinedSecret(value)
    if (joined === undefined) return result.data
    throw new FireclayError("FC_SPEC_VALUE", "a secret cannot be joined into text", {
      at: at + joined,
      remedy: "use a template, and give the secret as one of its variables",
    })
  }
  const issue = result.error.issues[0]
  if (issue === undefined) throw result.error
  throw toError(mostSpecific(issue), schema, value, at)
}

type Issue = z.core.$ZodIssue

/** Of a union's branches, the one that came furthest says what was meant. */
const mostSpecific = (issue: Issue): Issue => {
  if (issue.code !== "invalid_union") return issue
  const branches = issue.errors.map((branch) => branch[0]).filter((branch) => branch !== undefined)
  const depth = (candidate: Issue): number => candidate.path.length + (candidate.code === "invalid_type" ? 0 : 1)
  const best = branches.toSorted((a, b) => depth(b) - depth(a))[0]
  return best === undefined ? issue : mostSpecific({ ...best, path: [...issue.path, ...best.path] })
}

const toError = (issue: Issue, schema: z.ZodType, value: unknown, at: string): FireclayError => {
  const place = at + issue.path.map(segment).join("")
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? ""
    const known = keysAt(schema, issue.path)
    const guess = closest(key, known)
    return new FireclayError("FC_SPEC_UNKNOWN_KEY", `unknown key "${key}"`, {
      at: `${place}.${key}`,
      remedy: guess === undefined ? `known here: ${known.join(", ")}` : `did you mean "${guess}"?`,
    })
  }
  if (issue.code === "invalid_type" && isSecret(valueAt(value, issue.path)))
    return new FireclayError("FC_SPEC_VALUE", "a secret cannot stand here", { at: place, remedy: whereSecretsStand })
  const custom = issue.code === "custom" ? (issue.params ?? {}) : {}
  const code =
    typeof custom.code === "string" && custom.code in errorCodes ? (custom.code as ErrorCode) : "FC_SPEC_VALUE"
  const remedy = typeof custom.remedy === "string" ? { remedy: custom.remedy } : {}
  return new FireclayError(code, issue.message, { at: place, ...remedy })
}

const whereSecretsStand =
  "a secret may be the content of a file, a variable of its template, a variable of an environment, or the password of sudo"

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((inside, key) => (inside as { readonly [key: PropertyKey]: unknown } | undefined)?.[key], value)

/** Where inside a value a reference was joined into text, which would reach the machine as it is printed. */
const joinedSecret = (value: unknown): string | undefined => {
  if (typeof value === "string") return /‹secret \w+›/.test(value) ? "" : undefined
  if (typeof value !== "object" || value === null) return undefined
  for (const [key, entry] of Object.entries(value)) {
    const below = joinedSecret(entry)
    if (below !== undefined) return segment(Array.isArray(value) ? Number(key) : key) + below
  }
  return undefined
}

const segment = (key: PropertyKey): string => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)

/** Keys that an object schema knows, at a path inside it; of a union, all that any of its branches knows. */
const keysAt = (schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] => {
  let current = branches(schema)
  for (const key of path)
    current = current.flatMap((definition) => {
      const shape = definition.shape as Record<string, unknown> | undefined
      return branches(shape?.[String(key)] ?? definition.element ?? definition.valueType)
    })
  return [...new Set(current.flatMap(({ shape }) => Object.keys((shape as object | undefined) ?? {})))]
}

type Definition = Readonly<Record<string, unknown>>

const branches = (schema: unknown): readonly Definition[] => {
  const definition = (schema as { _zod?: { def?: Definition } } | undefined)?._zod?.def
  if (definition === undefined) return []
  const inner = definition.innerType ?? definition.in
  if (inner !== undefined) return branches(inner)
  return Array.isArray(definition.options) ? definition.options.flatMap(branches) : [definition]
}
