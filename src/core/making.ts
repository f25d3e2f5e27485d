import { posix } from "node:path"
import type { Base, Json, KnownMaking, Making, MakingResource } from "../contract/index.ts"
import { originsOf } from "./base.ts"
import type { Bundle, Manifest, ReleasedResource } from "./release.ts"
import type { Workbench } from "./workbench.ts"

/** What there is to say of the making of an image, once it is done. */
export interface Made {
  readonly bench: Pick<Workbench, "version">
  readonly fleet: string
  readonly bundle: Pick<Bundle, "manifest" | "digest">
  readonly baseDigest: string
  readonly layers: readonly (readonly ReleasedResource[])[]
  readonly packages: Making["packages"]
}

export const makingOf = ({ bench, fleet, bundle, baseDigest, layers, packages }: Made): Making => {
  const { manifest, digest } = bundle
  const origins = originsOf(manifest)
  const version = bench.version?.()
  return {
    fleet,
    spec: manifest.spec,
    release: digest,
    base: forOthers(manifest.base),
    baseDigest,
    lock: manifest.lock ?? 0,
    layers: layers.map((layer) => layer.map((resource) => toMaking(resource, origins))),
    packages,
    ...(version === undefined ? {} : { version }),
  }
}

/** The earliest making of an image that the log knows of: what comes later found it there. */
export const knownMaking = async (
  { store }: Pick<Workbench, "store">,
  image: string,
): Promise<KnownMaking | undefined> => {
  const built = await store.events({ kind: "image.built" })
  const event = built.find(({ body }) => body.image === image && typeof body.making === "string")
  const bytes = event === undefined ? undefined : await store.blob(String(event.body.making))
  if (event === undefined || bytes === undefined) return undefined
  const { startedAt } = event.body
  return {
    ...(JSON.parse(Buffer.from(bytes).toString()) as Making),
    ...(typeof startedAt === "string" ? { startedAt } : {}),
    finishedAt: event.at,
    entry: event.hash,
  }
}

/** What is kept of it beside the image's own event: equal makings are one blob. */
export const keepMaking = async ({ store }: Pick<Workbench, "store">, making: Making): Promise<Json> =>
  store.putBlob(Buffer.from(JSON.stringify(making)))

const toMaking = (
  { type, id, want, contents }: ReleasedResource,
  origins: ReadonlyMap<string, string>,
): MakingResource => {
  const { path, name } = want as { readonly path?: Json; readonly name?: Json }
  const spec = origins.get(id)
  return {
    type,
    id,
    ...(typeof path === "string" ? { path } : {}),
    ...(type === "package" && typeof name === "string" ? { name } : {}),
    ...(spec === undefined ? {} : { spec }),
    // What is sealed is known by a digest that says nothing to others.
    sources: contents.filter(({ sealed }) => sealed === undefined).map(({ sha256 }) => sha256),
  }
}

/** An address of a source may hold a name and a password, and paths are of the computer that builds. */
const forOthers = (base: Manifest["base"]): Base => {
  if ("rootfs" in base) return { ...base, rootfs: posix.basename(base.rootfs) }
  if (!("distribution" in base) || base.sources === undefined) return base
  const plain = (line: string): string =>
    line.replaceAll(/\/\/[^\s/@]+@/g, "//").replaceAll(/\b(file|copy):\S+/g, "$1:…")
  return { ...base, sources: base.sources.map(plain) }
}
