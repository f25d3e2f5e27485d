import { createHash } from "node:crypto"
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { run } from "../../src/system/process.ts"
import { type Deb, makeDeb, must } from "./deb-source.ts"

/** An archive by days on this computer, laid out as snapshot.debian.org lays it out: `/archive/local/DAY/dists/SUITE/…`. */
export interface SnapshotMirror {
  /** A line of sources.list(5) for suites of that archive, with `{snapshot}` and `{suite}` in it. */
  readonly line: string
  /** What was offered on a day. */
  readonly offered: (day: string, suite: string, debs: readonly Deb[]) => Promise<void>
  /** Paths that were asked for. */
  readonly asked: ReadonlySet<string>
  readonly dispose: () => Promise<void>
}

export const openSnapshotMirror = async (): Promise<SnapshotMirror> => {
  const directory = await mkdtemp(join(tmpdir(), "fireclay-snapshots-"))
  const asked = new Set<string>()
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://x").pathname
    readFile(join(directory, path)).then(
      (content) => {
        asked.add(path)
        response.end(content)
      },
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return {
    line: `deb [trusted=yes check-valid-until=no] http://127.0.0.1:${port}/archive/local/{snapshot} {suite} main`,
    offered: (day, suite, debs) => writeDay(join(directory, "archive", "local", day), suite, debs),
    asked,
    dispose: async () => {
      server.closeAllConnections()
      server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Its Release says, as those of days that have passed do, that it is valid no longer. */
const writeDay = async (root: string, suite: string, debs: readonly Deb[]): Promise<void> => {
  const pool = join(root, "pool", "main")
  const architecture = (await run(["dpkg", "--print-architecture"])).stdout.toString().trim()
  const lists = join(root, "dists", suite, "main", `binary-${architecture}`)
  for (const path of [pool, lists]) await mkdir(path, { recursive: true })
  for (const deb of debs) await makeDeb(pool, deb)
  const script = "dpkg-scanpackages -m pool 2>/dev/null || apt-ftparchive packages pool"
  const scanned = await run(["sh", "-c", script], { cwd: root })
  await must(scanned)
  await writeFile(join(lists, "Packages"), scanned.stdout)
  const sum = createHash("sha256").update(scanned.stdout).digest("hex")
  const release = [
    "Origin: Test",
    `Suite: ${suite}`,
    `Codename: ${suite}`,
    "Date: Mon, 01 Jan 2024 00:00:00 UTC",
    "Valid-Until: Mon, 08 Jan 2024 00:00:00 UTC",
    `Architectures: ${architecture}`,
    "Components: main",
    "SHA256:",
    ` ${sum} ${scanned.stdout.length} main/binary-${architecture}/Packages`,
    "",
  ]
  await writeFile(join(root, "dists", suite, "Release"), release.join("\n"))
}
