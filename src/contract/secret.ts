/** Where a secret's value is to be had when it is needed. */
export type SecretSource =
  /** A variable of the controller's environment, called like the secret. */
  | { readonly from: "environment" }
  /** A file encrypted with age that holds it by name. */
  | { readonly from: "file"; readonly path: string; readonly identity?: string }
  /** What a program prints on the controller. */
  | { readonly from: "command"; readonly argv: readonly string[] }

/** A secret as plain data, for releases: its name and where it comes from. The value is never part of it. */
export type SecretData = { readonly secret: string; readonly source: SecretSource }

/** Marks references; a symbol of the registry, so that two copies of this package agree. */
export const secretBrand: unique symbol = Symbol.for("fireclay.secret")

/** A secret as a configuration refers to it. It has no value to give away, and prints as `‹secret NAME›`. */
export type SecretReference = SecretData & { readonly [secretBrand]: true }

/** What stands in the place of a secret wherever it could be printed. */
export const secretMark = (name: string): string => `‹secret ${name}›`

/** A frozen reference: `{ ...reference }` is its plain data. */
export const makeSecret = (data: SecretData): SecretReference => {
  const mark = (): string => secretMark(data.secret)
  const hidden = { [secretBrand]: true, toString: mark, toJSON: mark, [Symbol.for("nodejs.util.inspect.custom")]: mark }
  return Object.freeze(Object.assign(Object.create(hidden) as SecretReference, data))
}

export const isSecret = (value: unknown): value is SecretReference =>
  typeof value === "object" && value !== null && (value as Partial<SecretReference>)[secretBrand] === true

/** Variables of an environment: those that are known as they are, and those that are secrets, as data. */
export const splitEnvironment = (
  all: { readonly [name: string]: string | SecretReference } = {},
): {
  readonly plain: { readonly [name: string]: string }
  readonly secrets: { readonly [name: string]: SecretData }
} => ({
  plain: Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
  ),
  secrets: Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (typeof value === "string" ? [] : [[name, { ...value }]])),
  ),
})

/** Content that holds secrets, by how it is made: what a release keeps of it. */
export type Sealed =
  /** The value itself. */
  | { readonly secret: SecretData }
  /** A template, by the digest of its text, with what fills it. */
  | { readonly template: string; readonly variables: { readonly [name: string]: string | number | SecretData } }
  /** Variables of an environment, as lines for a unit (`EnvironmentFile=`) or for a shell (`export`). */
  | { readonly assignments: { readonly [name: string]: SecretData }; readonly form: "unit" | "shell" }

/** The secrets that a content is made with. */
export const secretsOf = (sealed: Sealed): readonly SecretData[] => {
  if ("secret" in sealed) return [sealed.secret]
  return Object.values("template" in sealed ? sealed.variables : sealed.assignments).filter(
    (value): value is SecretData => typeof value === "object",
  )
}

/** What people are shown in the place of such a content. */
export const describeSealed = (sealed: Sealed): string => {
  const marks = [...new Set(secretsOf(sealed).map(({ secret }) => secretMark(secret)))].join(", ")
  if ("secret" in sealed) return marks
  return `${"template" in sealed ? "template" : "environment"} with ${marks}`
}

/** Reads secrets where they are, and keeps what they are from being printed. */
export interface Secrets {
  /**
   * The value, at its first need; after that the same again.
   * @throws FireclayError FC_SECRET_MISSING, FC_SECRET_FILE
   */
  readonly read: (secret: SecretData) => Promise<Uint8Array>
  /** The project's key for digests of what holds secrets, so that nobody can try out guesses on such a digest. */
  readonly sealKey: () => Promise<Uint8Array>
  /** Text without the values that were read so far, nor their usual encodings. */
  readonly redact: (text: string) => string
}
