import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Daemon } from "./daemon.ts"
import type { Side } from "./side.ts"
import { type Case, dockerfile, everyCase } from "./work.ts"

/** Name of the base in the daemon. */
export const baseImage = "bench-base"

/** `docker build` with BuildKit, as it comes with the daemon. */
export const buildKit = (context: string, place: string, daemon: Daemon): Side =>
  dockerSide(context, place, daemon, {
    name: "BuildKit",
    tag: "bench-buildkit",
    environment: { DOCKER_BUILDKIT: "1" },
    flags: ["--progress=plain"],
    cached: /^#\d+ CACHED$/gm,
    forget: [["builder", "prune", "--all", "--force"]],
  })

/** `docker build` as it was before. */
export const classic = (context: string, place: string, daemon: Daemon): Side =>
  dockerSide(context, place, daemon, {
    name: "classic docker build",
    tag: "bench-classic",
    environment: { DOCKER_BUILDKIT: "0" },
    flags: [],
    cached: /^ ---> Using cache$/gm,
    forget: [["image", "prune", "--force"]],
  })

interface Builder {
  readonly name: string
  readonly tag: string
  readonly environment: NodeJS.ProcessEnv
  readonly flags: readonly string[]
  /** What it says of a step that it had. */
  readonly cached: RegExp
  readonly forget: readonly (readonly string[])[]
}

const dockerSide = (context: string, place: string, { docker }: Daemon, builder: Builder): Side => {
  const file = join(place, `${builder.tag}.dockerfile`)
  return {
    name: builder.name,
    cases: everyCase,
    prepare: async () => writeFileSync(file, dockerfile(baseImage)),
    forget: async () => {
      await docker(["rmi", "--force", builder.tag]).catch(() => undefined)
      for (const words of builder.forget) await docker(words)
    },
    build: async (which) => {
      const words = ["build", "--network=none", ...builder.flags, "--tag", builder.tag, "--file", file, context]
      requireCached(builder.name, which, (await docker(words, builder.environment)).match(builder.cached)?.length ?? 0)
    },
    dispose: async () => undefined,
  }
}

/** Of the five steps, which were there. */
export const requireCached = (name: string, which: Case, cached: number): void => {
  const expected = { cold: 0, unchanged: 5, "late change": 3 }[which]
  if (cached !== expected) throw new Error(`${name}, ${which}: ${cached} steps were cached, and not ${expected}`)
}
