import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { lastLines, run } from "../../src/system/process.ts"
import type { Side } from "./side.ts"
import { steps, work } from "./work.ts"

/**
 * What a person would write who knows exactly what this image needs: an overlay, one script in a chroot, an archive of what
 * changed and its digest. It caches nothing, undoes nothing and normalises nothing.
 */
export const floor = (context: string, place: string, base: string): Side => {
  return {
    name: "hand-written script",
    cases: ["cold"],
    prepare: async () => {
      rmSync(place, { recursive: true, force: true })
      for (const part of ["upper", "work", "root"]) mkdirSync(join(place, part), { recursive: true })
      writeFileSync(join(place, "script"), script(context, base, place))
    },
    forget: async () => {
      for (const part of ["upper", "work", "layer.tar"]) rmSync(join(place, part), { recursive: true, force: true })
      for (const part of ["upper", "work"]) mkdirSync(join(place, part))
    },
    build: async () => {
      const { exitCode, stdout, stderr } = await run(["sh", join(place, "script")])
      if (exitCode !== 0) throw new Error(`the script ended with ${exitCode}: ${lastLines(stderr).join("\n")}`)
      if (!/^[0-9a-f]{64} /.test(stdout.toString())) throw new Error("the script gave no digest")
    },
    dispose: async () => rmSync(place, { recursive: true, force: true }),
  }
}

const script = (context: string, base: string, place: string): string =>
  [
    "set -e",
    `cd ${place}`,
    `mount -t overlay overlay -o lowerdir=${base},upperdir=upper,workdir=work root`,
    "trap 'umount root' EXIT",
    "mkdir -p root/srv/bench",
    `cp -r ${join(context, "tree")}/. root/srv/bench/`,
    `cp ${join(context, "app.js")} root${work.application}`,
    "chroot root /bin/sh -ec '",
    steps.accounts,
    steps.edits,
    steps.made,
    "'",
    "umount root",
    "trap - EXIT",
    "tar --numeric-owner --xattrs -cf layer.tar -C upper .",
    "sha256sum layer.tar",
  ].join("\n")
