import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { lastLines, run } from "../../src/system/process.ts"
import type { Daemon } from "./daemon.ts"
import { baseImage } from "./docker.ts"
import type { Side } from "./side.ts"
import { steps, work } from "./work.ts"

/** Packer's builder for Docker: a container is provisioned and committed. It keeps nothing from one build to the next. */
export const packer = (context: string, place: string, daemon: Daemon): Side => {
  const file = join(place, "packer.json")
  return {
    name: "Packer, docker builder",
    cases: ["cold"],
    prepare: async () => writeFileSync(file, JSON.stringify(template(context))),
    forget: async () => {
      await daemon.docker(["image", "prune", "--force"])
    },
    build: async () => {
      const env = { ...daemon.environment, CHECKPOINT_DISABLE: "1", PACKER_CONFIG_DIR: place }
      const { exitCode, stdout } = await run(["packer", "build", "-color=false", file], { env })
      if (exitCode !== 0) throw new Error(`packer ended with ${exitCode}:\n${lastLines(stdout).join("\n")}`)
    },
    dispose: async () => undefined,
  }
}

const template = (context: string): object => ({
  builders: [
    {
      type: "docker",
      image: baseImage,
      commit: true,
      pull: false,
      run_command: ["-d", "-i", "-t", "--network=none", "--entrypoint=/bin/sh", "--", "{{.Image}}"],
    },
  ],
  provisioners: [
    { type: "shell", inline: [steps.accounts] },
    { type: "file", source: `${join(context, "tree")}/`, destination: "/srv/bench" },
    { type: "shell", inline: [steps.edits] },
    { type: "file", source: join(context, "app.js"), destination: work.application },
    { type: "shell", inline: [steps.made] },
  ],
})
