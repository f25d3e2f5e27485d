import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { digestOf, type Layout, mediaTypes, putFile, putJson, writeIndex } from "../../src/images/layout.ts"
import { run } from "../../src/system/process.ts"

export const withDirectory = async <T>(action: (directory: string) => Promise<T>): Promise<T> => {
  const directory = await mkdtemp(join(tmpdir(), "fireclay-images-"))
  try {
    return await action(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** A layout with one image of two layers, and more if given: a shell that runs, and a file over it. */
export const tinyImage = async (
  directory: string,
  more: readonly string[] = [],
): Promise<{ readonly layout: Layout; readonly digest: string }> => {
  const layout = { directory: join(directory, "layout") }
  const shell = await layerOf(join(directory, "one"), await shellFiles())
  const text = await layerOf(join(directory, "two"), [["etc/greeting", Buffer.from("hello from the second layer\n")]])
  const layers = await Promise.all(
    [shell, text, ...more].map(async (path) =>
      putFile(layout, mediaTypes.layer, { path, digest: digestOf(await readFile(path)), move: false }),
    ),
  )
  const config = await putJson(layout, mediaTypes.config, {
    architecture: "amd64",
    os: "linux",
    config: { Cmd: ["/bin/sh", "-c", "while read -r line; do echo $line; done </etc/greeting"] },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.digest) },
  })
  const { manifest } = mediaTypes
  const image = await putJson(layout, manifest, { schemaVersion: 2, mediaType: manifest, config, layers })
  await writeIndex(layout, [image])
  return { layout, digest: image.digest }
}

/** Debian's shell with the libraries that it is linked against. */
const shellFiles = async (): Promise<readonly (readonly [string, Buffer])[]> => {
  const linked = (await run(["ldd", "/bin/sh"])).stdout.toString().match(/\/\S+/g) ?? []
  return Promise.all(["/bin/sh", ...linked].map(async (path) => [path.slice(1), await readFile(path)] as const))
}

/** The archive of a directory with these files. */
export const layerOf = async (
  directory: string,
  files: readonly (readonly [path: string, content: Uint8Array])[],
): Promise<string> => {
  for (const [path, content] of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), content, { mode: 0o755 })
  }
  await mkdir(directory, { recursive: true })
  const archive = `${directory}.tar`
  await run(["tar", "-C", directory, "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "-cf", archive, "."])
  return archive
}
