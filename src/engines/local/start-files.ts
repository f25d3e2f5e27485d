import { mkdir, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { FireclayError } from "../../contract/index.ts"
import { runOk } from "../../system/process.ts"
import type { Bind } from "./nspawn.ts"

/** Where an instance finds what it got at its start. */
const target = "/run/fireclay"

/** Writes start files into memory that is mounted for them alone, and is gone when it is unmounted. */
export const bindStartFiles = async (directory: string, files: ReadonlyMap<string, Uint8Array>): Promise<Bind> => {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await runOk(
    mountArgv(directory),
    (message, details) => new FireclayError("FC_INSTANCE_START", message, { at: directory, details }),
  )
  for (const [name, bytes] of files) {
    const path = join(directory, name)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(path, bytes, { mode: 0o600, flag: "wx" })
  }
  return { source: directory, target }
}

const mountArgv = (directory: string): readonly string[] => [
  ...["mount", "-t", "tmpfs", "-o", "mode=0700,nosuid,nodev,noexec,size=16m", "fireclay-start", directory],
]
