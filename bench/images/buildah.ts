import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { lastLines, run } from "../../src/system/process.ts"
import { removeTree, unmountBelow } from "./clean.ts"
import { baseImage, requireCached } from "./docker.ts"
import type { Side } from "./side.ts"
import { dockerfile, everyCase } from "./work.ts"

/** `buildah build --layers`, with a store of its own. */
export const buildah = (context: string, place: string, archive: string): Side => {
  const tag = "bench-buildah"
  const file = join(place, `${tag}.dockerfile`)
  const call = async (words: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await run([...buildahArgv(place), ...words])
    const said = `${stdout}${stderr}`
    if (exitCode !== 0) throw new Error(`buildah ${words[0]} ended with ${exitCode}: ${lastLines(said).join("\n")}`)
    return said
  }
  return {
    name: "buildah",
    cases: everyCase,
    prepare: async () => {
      mkdirSync(place, { recursive: true })
      writeFileSync(file, dockerfile(`localhost/${baseImage}`))
      await call(["from", "--name", "base", "scratch"])
      await call(["add", "base", archive, "/"])
      await call(["commit", "--rm", "base", baseImage])
    },
    forget: async () => {
      await call(["rmi", "--force", tag]).catch(() => undefined)
      await call(["rmi", "--prune", "--force"])
    },
    build: async (which) => {
      const flags = ["--layers", "--isolation=chroot", "--pull-never", "--tag", tag, "--file", file]
      const said = await call(["build", ...flags, context])
      requireCached("buildah", which, said.match(/^--> Using cache /gm)?.length ?? 0)
    },
    dispose: async () => {
      await unmountBelow(place)
      await removeTree(place)
    },
  }
}

const buildahArgv = (place: string): readonly string[] => [
  "buildah",
  ...["--root", join(place, "root"), "--runroot", join(place, "run"), "--storage-driver", "overlay"],
]
