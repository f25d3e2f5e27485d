import { createHmac } from "node:crypto"
import { type Content, FireclayError, type Sealed, type SecretData, type Secrets } from "../contract/index.ts"
import { digestOf, sha256 } from "./canonical.ts"
import { quote } from "./quote.ts"
import { hideScript } from "./redact.ts"
import type { Bundle, Manifest, ReleasedResource } from "./release.ts"
import { fill } from "./template.ts"

/** What a digest becomes where it could be tried out on guesses: the same for the same, under the project's key. */
export type Seal = (sha256: string) => string | Promise<string>

/** What a bundle holds for as long as a command works with it, and is never kept. */
export interface Opened {
  /** Content with secrets, by its sealed digest. */
  readonly bytes: ReadonlyMap<string, Uint8Array>
  readonly seal: Seal
  /** Takes the secrets out of what a machine is about to keep: a script of sed's. Absent: there are none. */
  readonly hide: string | undefined
}

/** Content with secrets as a release keeps it: known by how it is made, whatever the secrets are just now. */
export const sealedContent = (sealed: Sealed): Content => ({ sha256: digestOf(sealed), size: 0, sealed })

/**
 * The same bundle with its secrets read, so that it can be planned and applied. Its digest stays: a secret that changes
 * makes no new release, and an earlier release takes the secret as it is now.
 *
 * @throws FireclayError FC_SECRET_MISSING, FC_SECRET_FILE, FC_SPEC_VALUE
 */
export const openBundle = async (secrets: Secrets, bundle: Bundle): Promise<Bundle> => {
  if (bundle.opened !== undefined) return bundle
  const sealed = bundle.manifest.resources.some(isSealed)
  const key = sealed ? await secrets.sealKey() : undefined
  const seal: Seal = (digest) =>
    key === undefined ? secrets.sealKey().then((later) => sealWith(later, digest)) : sealWith(key, digest)
  const bytes = new Map<string, Uint8Array>()
  const values: (readonly [name: string, value: Uint8Array])[] = []
  const read: Secrets["read"] = async (secret) => {
    const value = await secrets.read(secret)
    values.push([secret.secret, value])
    return value
  }
  const open = async (content: Content, id: string): Promise<Content> => {
    if (content.sealed === undefined) return content
    const made = await make(content.sealed, id, bundle, read)
    const digest = await seal(sha256(made))
    bytes.set(digest, made)
    return { ...content, sha256: digest, size: Math.ceil(made.length / blockBytes) * blockBytes }
  }
  const resources = await mapContents(bundle.manifest, open)
  return {
    ...bundle,
    manifest: { ...bundle.manifest, resources },
    opened: { bytes, seal, hide: values.length === 0 ? undefined : hideScript(values) },
  }
}

/** The manifest as a release keeps it, of a bundle that was opened. */
export const closeManifest = async (manifest: Manifest): Promise<Manifest> => ({
  ...manifest,
  resources: await mapContents(manifest, async (content) =>
    content.sealed === undefined ? content : sealedContent(content.sealed),
  ),
})

export const isSealed = ({ contents }: Pick<ReleasedResource, "contents">): boolean =>
  contents.some(({ sealed }) => sealed !== undefined)

/** All that the steps of a plan may write: the bundle's own, and what the plan made. */
export const bytesToWrite = (
  { bytes, opened }: Bundle,
  texts: ReadonlyMap<string, string>,
): ReadonlyMap<string, Uint8Array> =>
  new Map([
    ...bytes,
    ...(opened?.bytes ?? []),
    ...[...texts].map(([digest, text]) => [digest, Buffer.from(text)] as const),
  ])

/** The exact size would narrow down what a secret can be. */
const blockBytes = 4096

const sealWith = (key: Uint8Array, digest: string): string => createHmac("sha256", key).update(digest).digest("hex")

const mapContents = (
  { resources }: Manifest,
  change: (content: Content, id: string) => Promise<Content>,
): Promise<readonly ReleasedResource[]> =>
  Promise.all(
    resources.map(async (resource) =>
      isSealed(resource)
        ? { ...resource, contents: await Promise.all(resource.contents.map((content) => change(content, resource.id))) }
        : resource,
    ),
  )

const make = async (sealed: Sealed, id: string, bundle: Bundle, read: Secrets["read"]): Promise<Uint8Array> => {
  if ("secret" in sealed) return read(sealed.secret)
  if ("template" in sealed) {
    const template = bundle.bytes.get(sealed.template)
    if (template === undefined) throw new TypeError(`the template of ${id} is not at hand`)
    return Buffer.from(fill(Buffer.from(template).toString(), await textsOf(sealed.variables, id, read), id))
  }
  const lines = Object.entries(await textsOf(sealed.assignments, id, read)).map(([name, value]) =>
    sealed.form === "shell" ? `export ${name}=${quote(wordOf(name, value, id))}\n` : unitLine(name, value, id),
  )
  return Buffer.from(lines.join(""))
}

const textsOf = async (
  values: { readonly [name: string]: string | number | SecretData },
  id: string,
  read: Secrets["read"],
): Promise<{ readonly [name: string]: string }> =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(values).map(async ([name, value]) => [
        name,
        typeof value === "object" ? textOf(value, await read(value), id) : String(value),
      ]),
    ),
  )

const textOf = ({ secret }: SecretData, value: Uint8Array, id: string): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value)
  } catch {
    throw new FireclayError("FC_SPEC_VALUE", `the secret ${secret} is not text, and so cannot be part of one`, {
      at: id,
      remedy: `deliver it as a file of its own: content: secret("${secret}")`,
    })
  }
}

const wordOf = (name: string, value: string, id: string): string => {
  if (!value.includes("\0")) return value
  throw unfit(name, id, "holds a NUL byte, which no variable can")
}

/** systemd.exec(5), EnvironmentFile=. What systemd would not take it would print into the journal. */
const unitLine = (name: string, value: string, id: string): string => {
  if (/[^\P{Cc}\t\n]/u.test(value)) throw unfit(name, id, "holds control characters, which systemd does not take")
  return `${name}="${value.replaceAll(/[\\"$`]/g, "\\$&")}"\n`
}

const unfit = (name: string, id: string, why: string): FireclayError =>
  new FireclayError("FC_SPEC_VALUE", `the secret for the variable ${name} ${why}`, {
    at: id,
    remedy: "deliver it as a file: file(path, { content: secret(…) })",
  })
