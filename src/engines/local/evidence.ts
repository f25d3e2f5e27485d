import { join } from "node:path"
import { type EvidenceWant, FireclayError } from "../../contract/index.ts"
import { lastLines, run } from "../../system/process.ts"
import { keepIn } from "../evidence.ts"
import { lookAt, namesIn } from "./files.ts"
import { type InstanceRecord, leaderOfDirectory, writablePaths } from "./instance.ts"
import { instanceDirectory, type Parts, type Place, parts } from "./place.ts"

/** Keeps what was written on an instance: its upper directory, its writable directories, and what it has in memory. */
export const keepEvidence = (at: Place, record: InstanceRecord, want: EvidenceWant): Promise<string> => {
  const files = parts(instanceDirectory(at, record.name))
  return keepIn(want, async () => {
    const argv = archiveArgv(join(want.place, archive), await sourcesOf(record, files))
    const { exitCode, stderr } = await run(argv, { env: { ...process.env, LC_ALL: "C" } })
    // 1: something changed while it was read, which what runs there may well do.
    if (exitCode > 1) throw new FireclayError("FC_STORE", `tar ended with ${exitCode}`, { details: lastLines(stderr) })
    return [archive]
  })
}

const archive = "written.tar"

/** A directory, one name in it, and what it is called in the archive. */
interface Source {
  readonly directory: string
  readonly name: string
  readonly as: string
}

const sourcesOf = async (record: InstanceRecord, files: Parts): Promise<readonly Source[]> => {
  const paths = writablePaths(record)
  const writable = (await namesIn(files.writable)).map((name): Source => {
    const path = paths[Number(name)] ?? `/${name}`
    return { directory: files.writable, name, as: `writable${path}` }
  })
  return [{ directory: files.directory, name: "upper", as: "upper" }, ...writable, ...(await inMemory(files))]
}

/** What only a running machine has. A link in place of one of them would lead out of the machine. */
const inMemory = async ({ directory }: Parts): Promise<readonly Source[]> => {
  const leader = await leaderOfDirectory(directory)
  if (leader === undefined) return []
  const root = `/proc/${leader}/root`
  const places = [["tmp"], ["dev", "shm"]] as const
  const found = await Promise.all(
    places.map(async (names) => {
      const all = await Promise.all(names.map((_, index) => lookAt(join(root, ...names.slice(0, index + 1)))))
      return all.every((stats) => stats?.isDirectory() === true) ? names : undefined
    }),
  )
  return found.flatMap((names): readonly Source[] =>
    names === undefined
      ? []
      : [
          {
            directory: join(root, ...names.slice(0, -1)),
            name: names.at(-1) ?? "",
            as: `memory/${names.join("/")}`,
          },
        ],
  )
}

const archiveArgv = (file: string, sources: readonly Source[]): readonly string[] => [
  "tar",
  "--create",
  `--file=${file}`,
  "--format=posix",
  "--numeric-owner",
  "--xattrs",
  "--xattrs-include=*",
  "--one-file-system",
  "--warning=no-file-ignored",
  ...sources.flatMap(({ name, as }) => (name === as ? [] : [`--transform=${renaming(name, as)}`])),
  ...sources.flatMap(({ directory, name }) => [`--directory=${directory}`, name]),
]

/** Of names and of what hard links refer to, not of what symbolic ones do. */
const renaming = (name: string, as: string): string => `s|^${name}\\(/\\|$\\)|${as.replace(/[\\&|]/g, "\\$&")}\\1|S`
