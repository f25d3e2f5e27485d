import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { run } from "../../src/system/process.ts"
import { buildDeb } from "./deb.ts"

export interface Deb {
  readonly name: string
  readonly version: string
  readonly needs?: string
}

/** A source of packages on this computer, reached by HTTP as the real ones are. */
export interface DebSource {
  /** A line of sources.list(5). */
  readonly line: string
  /** Offers exactly these from now on. */
  readonly offer: (debs: readonly Deb[]) => Promise<void>
  readonly dispose: () => Promise<void>
}

export const openDebSource = async (): Promise<DebSource> => {
  const directory = await mkdtemp(join(tmpdir(), "fireclay-debs-"))
  const server = createServer((request, response) => {
    readFile(join(directory, new URL(request.url ?? "/", "http://x").pathname)).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return {
    line: `deb [trusted=yes] http://127.0.0.1:${port} ./`,
    offer: async (debs) => {
      await rm(directory, { recursive: true, force: true })
      await mkdir(directory)
      for (const deb of debs) await makeDeb(directory, deb)
      const script = "dpkg-scanpackages -m . 2>/dev/null >Packages || apt-ftparchive packages . >Packages"
      await must(await run(["sh", "-c", script], { cwd: directory }))
    },
    dispose: async () => {
      server.closeAllConnections()
      server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export const must = async ({ exitCode, stderr }: Awaited<ReturnType<typeof run>>): Promise<void> => {
  if (exitCode !== 0) throw new Error(stderr.toString())
}

/** `NAME_VERSION_all.deb` in a directory. */
export const makeDeb = (directory: string, { name, version, needs }: Deb): Promise<void> =>
  buildDeb(
    {
      ...{ name, version, needs: needs === undefined ? [] : [needs] },
      files: { [`/usr/share/${name}/version`]: `${version}\n` },
    },
    join(directory, "stage"),
    directory,
  )
