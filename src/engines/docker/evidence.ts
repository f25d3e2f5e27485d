import { createWriteStream } from "node:fs"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"
import type { EvidenceWant } from "../../contract/index.ts"
import { keepIn } from "../evidence.ts"
import type { Place } from "../local/place.ts"
import { type DockerClient, pathOf } from "./client.ts"
import type { Container } from "./instances.ts"
import { labels, volumeName } from "./marks.ts"

/** Keeps what the daemon gives of a container: which paths are others than its image's, and its writable directories. */
export const keepEvidence = (
  client: DockerClient,
  at: Place,
  { Id, Labels }: Container,
  want: EvidenceWant,
): Promise<string> =>
  keepIn(want, async () => {
    const changes = await client.json<unknown>({ method: "GET", path: `/containers/${Id}/changes` })
    await writeFile(join(want.place, changed), `${JSON.stringify(changes ?? [], undefined, 2)}\n`)
    const directories = await scratchOf(client, at, Id, Labels[labels.fleet] ?? "")
    const archives = directories.map((path, index) => ({ path, file: archiveName(path, index) }))
    for (const { path, file } of archives) {
      const archive = await client.stream({ method: "GET", path: pathOf(`/containers/${Id}/archive`, { path }) })
      await pipeline(archive, createWriteStream(join(want.place, file)))
    }
    return [changed, ...archives.map(({ file }) => file)]
  })

const changed = "changes.json"

interface Mounted {
  readonly Mounts: readonly { readonly Type: string; readonly Name?: string; readonly Destination: string }[]
}

/** Volumes that go with the container; those of the fleet stay. */
const scratchOf = async (client: DockerClient, at: Place, id: string, fleet: string): Promise<readonly string[]> => {
  const { Mounts } = await client.json<Mounted>({ method: "GET", path: `/containers/${id}/json` })
  const kept = volumeName(at, fleet, "")
  return Mounts.filter(({ Type, Name = "" }) => Type === "volume" && !Name.startsWith(kept))
    .map(({ Destination }) => Destination)
    .toSorted()
}

/** The number keeps apart what reads the same. */
const archiveName = (path: string, index: number): string =>
  `written-${index + 1}${path.replace(/[^A-Za-z0-9.]+/g, "-")}.tar`
