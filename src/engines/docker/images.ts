import { mkdir, mkdtemp } from "node:fs/promises"
import { arch } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { type Base, FireclayError } from "../../contract/index.ts"
import { dockerArchive } from "../../images/index.ts"
import { type Layout, mediaTypes, putFile, putJson, readBlob } from "../../images/layout.ts"
import { type Manifest, readManifest } from "../../images/manifest.ts"
import { ensureBase } from "../local/base.ts"
import { removeTree } from "../local/files.ts"
import { imagesDirectory, type Place } from "../local/place.ts"
import { type DockerClient, pathOf } from "./client.ts"
import { imageName, repository } from "./marks.ts"

interface ImageDocument {
  readonly Id: string
  readonly RepoTags?: readonly string[] | null
  readonly RootFS?: { readonly Layers?: readonly string[] }
}

/** The name in the daemon of a baked image, which is loaded if it is missing there. */
export const provideImage = async (client: DockerClient, at: Place, digest: string): Promise<string> => {
  const name = imageName(at, digest)
  if (!(await isThere(client, name))) await load(client, { directory: imagesDirectory(at) }, digest, name)
  return name
}

/** The same for a base alone. */
export const provideBase = async (client: DockerClient, at: Place, base: Base): Promise<string> => {
  const { digest, archive } = await ensureBase(at, base)
  const name = `${repository(at)}:base-${digest.replace(/^sha256:/, "")}`
  if (await isThere(client, name)) return name
  await mkdir(at.home, { recursive: true, mode: 0o700 })
  const layout = { directory: await mkdtemp(join(at.home, ".base-")) }
  try {
    const layer = await putFile(layout, mediaTypes.layer, { path: archive, digest, move: false })
    const config = await putJson(layout, mediaTypes.config, {
      architecture: architectures[arch()] ?? arch(),
      os: "linux",
      rootfs: { type: "layers", diff_ids: [digest] },
    })
    const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [layer] }
    await load(client, layout, (await putJson(layout, mediaTypes.manifest, manifest)).digest, name)
  } finally {
    await removeTree(layout.directory)
  }
  return name
}

/** Names of the project's images in the daemon. */
export const imagesOf = async (client: DockerClient, at: Place): Promise<readonly string[]> => {
  const names = (await listImages(client, repository(at))).flatMap(({ RepoTags }) => RepoTags ?? [])
  // Podman puts its own registry before a name that has none.
  return names.map((name) => name.replace(/^localhost\//, "")).filter((name) => name.startsWith(`${repository(at)}:`))
}

export const forgetImage = async (client: DockerClient, name: string): Promise<void> => {
  await client.call({ method: "DELETE", path: `/images/${name}`, accept: [404] })
}

const architectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" }

const isThere = async (client: DockerClient, name: string): Promise<boolean> =>
  (await client.call({ method: "GET", path: `/images/${name}/json`, accept: [404] })).status !== 404

const listImages = (client: DockerClient, reference: string): Promise<readonly ImageDocument[]> =>
  client.json({ method: "GET", path: pathOf("/images/json", { filters: { reference: [reference] } }) })

/** Layers that the daemon has already are left out; one that wants them all the same gets them. */
const load = async (client: DockerClient, layout: Layout, digest: string, name: string): Promise<void> => {
  const manifest = await readManifest(layout, digest)
  const known = await knownLayers(client, layout, manifest)
  const failed = await send(client, dockerArchive(layout, [{ digest, names: [name] }], { without: known }))
  if (failed === undefined && (await isThere(client, name))) return
  const again = known.size === 0 ? failed : await send(client, dockerArchive(layout, [{ digest, names: [name] }]))
  if (again !== undefined || !(await isThere(client, name)))
    throw new FireclayError(
      "FC_DOCKER_REFUSED",
      `the image ${digest} could not be loaded: ${again ?? "it is not there"}`,
      {
        at: "POST /images/load",
      },
    )
}

/** What went wrong, in the daemon's words. */
const send = async (client: DockerClient, archive: AsyncGenerator<Buffer>): Promise<string | undefined> => {
  const body = { type: "application/x-tar", stream: Readable.from(archive, { objectMode: false }) }
  const answer = await client.call({ method: "POST", path: "/images/load?quiet=1", body })
  return /"error"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(answer.body.toString())?.[1]
}

/** Digests of the layers at the bottom of this image that another image in the daemon stands on too. */
const knownLayers = async (client: DockerClient, layout: Layout, manifest: Manifest): Promise<ReadonlySet<string>> => {
  const config = await readBlob<{ readonly rootfs: { readonly diff_ids: readonly string[] } }>(
    layout,
    manifest.config.digest,
  )
  const diffs = config?.rootfs.diff_ids ?? []
  const others = await Promise.all(
    (await listImages(client, "fireclay/*")).map(async ({ Id }) => {
      const { status, body } = await client.call({ method: "GET", path: `/images/${Id}/json`, accept: [404] })
      return status === 404 ? [] : ((JSON.parse(body.toString()) as ImageDocument).RootFS?.Layers ?? [])
    }),
  )
  const shared = Math.max(0, ...others.map((layers) => sharedStart(layers, diffs)))
  return new Set(manifest.layers.slice(0, shared).map((layer) => layer.digest))
}

const sharedStart = (one: readonly string[], other: readonly string[]): number => {
  const differs = other.findIndex((digest, index) => one[index] !== digest)
  return differs === -1 ? other.length : differs
}
