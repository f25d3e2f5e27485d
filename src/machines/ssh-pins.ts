import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { SshHost } from "../contract/index.ts"

/** For each pinned host key, a known_hosts that has it and nothing else. */
export interface Pins {
  readonly files: ReadonlyMap<string, string>
  readonly remove: () => Promise<void>
}

/** Files that only this user can read, for as long as a connection is being made: ssh looks at them once. */
export const writePins = async ({ hostKey, jump = [] }: SshHost): Promise<Pins> => {
  const keys = [...new Set([hostKey, ...jump.map((hop) => hop.hostKey)])].filter((key) => key !== undefined)
  if (keys.length === 0) return { files: new Map(), remove: async () => undefined }
  const directory = await mkdtemp(join(tmpdir(), "fireclay-pins-"))
  const write = async (key: string, index: number): Promise<readonly [string, string]> => {
    const file = join(directory, String(index))
    await writeFile(file, `* ${key}\n`, { mode: 0o600 })
    return [key, file]
  }
  return {
    files: new Map(await Promise.all(keys.map(write))),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}
