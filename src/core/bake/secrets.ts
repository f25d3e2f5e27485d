import { FireclayError, type SecretData, secretMark } from "../../contract/index.ts"
import { sha256 } from "../canonical.ts"
import { formsOf } from "../redact.ts"
import type { Workbench } from "../workbench.ts"
import { readTar } from "./tar.ts"

/** Shorter values are not looked for: they are found everywhere. */
const shortestBytes = 6

/** What a layer is searched for before it is kept. */
export interface Search {
  /** Secrets, and each way to write them down. */
  readonly secrets: readonly { readonly name: string; readonly forms: readonly Buffer[] }[]
  /** What was not looked for, and why, for people. */
  readonly notes: readonly string[]
  /** The same for the same values, under the project's key. Absent: there are no secrets. */
  readonly seal?: string
}

/**
 * Reads every secret that the project names, of whatever fleet: a file or a command may hold one that its own fleet never
 * mentions. One that cannot be read here is not looked for.
 */
export const openSearch = async (bench: Workbench): Promise<Search> => {
  const named = secretsIn(bench.project)
  const read = await Promise.all(named.map(async (data) => ({ data, value: await readOrNot(bench, data) })))
  const secrets = read.flatMap(({ data, value }) =>
    value === undefined || value.length < shortestBytes ? [] : [{ name: data.secret, forms: formsOfBytes(value) }],
  )
  const notes = read.flatMap(({ data, value }) => {
    if (value === undefined) return [`${data.secret} cannot be read here, so images are not searched for it`]
    return value.length < shortestBytes ? [`${data.secret} is too short to be searched for in images`] : []
  })
  if (secrets.length === 0) return { secrets, notes }
  const all = read.map(({ data, value }) => `${data.secret} ${value === undefined ? "" : sha256(value)}`).sort()
  return { secrets, notes, seal: await sealOf(bench, all.join("\n")) }
}

/**
 * Searches a layer and the configuration of its image.
 *
 * @throws FireclayError FC_SECRET_BAKED with path and name, never the value
 */
export const refuseSecrets = async (
  { secrets }: Search,
  layer: AsyncIterable<Uint8Array>,
  config: string,
  at: string,
): Promise<void> => {
  const found = new Map<string, string>()
  const look = (path: string, bytes: Buffer): void => {
    for (const { name, forms } of secrets)
      if (forms.some((form) => bytes.includes(form)))
        found.set(`${path}\0${name}`, `/${path} holds ${secretMark(name)}`)
  }
  const overlap = Math.max(0, ...secrets.flatMap(({ forms }) => forms.map((form) => form.length))) - 1
  let before = Buffer.alloc(0)
  for await (const { path, bytes, first } of readTar(layer)) {
    const seen: Buffer = first ? bytes : Buffer.concat([before, bytes])
    look(path, seen)
    before = Buffer.from(seen.subarray(Math.max(0, seen.length - overlap)))
  }
  look("(configuration of the image)", Buffer.from(config))
  if (found.size === 0) return
  const [first = ""] = found.values()
  throw new FireclayError("FC_SECRET_BAKED", `a secret would become part of an image: ${first}`, {
    at,
    remedy: "find out what writes it there: a source that holds it, or a command that had it from elsewhere",
    details: [...found.values()],
  })
}

/** Wherever in a configuration a secret is named. Lists that are a function are not asked: no image is made of them. */
const secretsIn = (value: unknown, found = new Map<string, SecretData>()): readonly SecretData[] => {
  if (typeof value === "object" && value !== null) {
    if (isSecretData(value)) found.set(`${value.secret} ${JSON.stringify(value.source)}`, value)
    else for (const entry of Object.values(value)) secretsIn(entry, found)
  }
  return [...found.values()]
}

const isSecretData = (value: object): value is SecretData => {
  const { secret, source } = value as Partial<SecretData>
  return typeof secret === "string" && typeof source === "object" && source !== null && "from" in source
}

const readOrNot = (bench: Workbench, data: SecretData): Promise<Uint8Array | undefined> =>
  bench.secrets.read(data).catch(() => undefined)

/** The bytes themselves, whole and trimmed; and each way to write them as text. */
const formsOfBytes = (value: Uint8Array): readonly Buffer[] => {
  const bytes = Buffer.from(value)
  const hex = bytes.toString("hex")
  const texts = [...formsOf(value), hex.toUpperCase()].map((form) => Buffer.from(form))
  // A digest gives nothing away that is not guessed first, and some are meant to be there.
  const digests = new Set([sha256(bytes), sha256(Buffer.from(bytes.toString().trim()))])
  const all = [bytes, ...texts].filter((form) => form.length >= shortestBytes && !digests.has(form.toString()))
  return [...new Map(all.map((form) => [form.toString("latin1"), form])).values()]
}

const sealOf = async (bench: Workbench, text: string): Promise<string> =>
  sha256(Buffer.concat([await bench.secrets.sealKey(), Buffer.from(text)]))
