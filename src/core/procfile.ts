import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs"
import { join, resolve } from "node:path"
import {
  FireclayError,
  type MachineFacts,
  type Procfile,
  type Resource,
  type Run,
  type Spec,
} from "../contract/index.ts"

/** One line of a Procfile. */
export interface ProcfileLine {
  readonly name: string
  /** For a shell. */
  readonly command: string
}

/**
 * A spec with what its Procfile says, and the directory's files as resources. One without a Procfile stays as it is.
 *
 * @param directory of the configuration
 * @throws FireclayError FC_PROCFILE
 */
export const withProcfile = (spec: Spec, directory: string): Spec => {
  const { base } = spec
  if ("from" in base) {
    const below = withProcfile(base.from, directory)
    if (below !== base.from) return withProcfile({ ...spec, base: { from: below } }, directory)
  }
  const { procfile, ...rest } = spec
  if (procfile === undefined) return spec
  const at = `${procfile.directory}/Procfile`
  const lines = parseProcfile(read(resolve(directory, procfile.directory, "Procfile"), at), at)
  const runs = new Map(lines.map(({ name, command }) => [name, shellRun(command, procfile)]))
  const [web, release] = [runs.get("web"), runs.get("release")]
  const others = [...runs].filter(([name]) => name !== "web" && name !== "release")
  for (const [name] of others)
    if (spec.processes?.[name] !== undefined) throw wrong(`${name} is a process of the spec already`, at)
  const shipped = procfile.ship ? shipDirectory(procfile, directory) : []
  const { resources } = spec
  return Object.freeze({
    ...rest,
    resources:
      typeof resources === "function"
        ? (machine: MachineFacts) => [...resources(machine), ...shipped]
        : [...resources, ...shipped],
    ...(web === undefined ? {} : { run: web }),
    processes: { ...spec.processes, ...Object.fromEntries(others) },
    ...(release === undefined || spec.release !== undefined ? {} : { release: { ...release, timeoutMs: taskMs } }),
  })
}

/** `NAME: COMMAND`, one a line; empty lines and those that begin with `#` say nothing. Exported for its table of cases. */
export const parseProcfile = (text: string, at: string): readonly ProcfileLine[] => {
  const lines = text.split(/\r?\n/).flatMap((line, index): readonly ProcfileLine[] => {
    if (/^\s*(#|$)/.test(line)) return []
    const [, name = "", command = ""] = /^([A-Za-z][A-Za-z0-9_-]{0,30}):\s*(\S.*?)\s*$/.exec(line) ?? []
    if (name === "") throw wrong(`line ${index + 1} is not NAME: COMMAND`, `${at}:${index + 1}`)
    return [{ name, command }]
  })
  const twice = lines.find(({ name }, index) => lines.findIndex((line) => line.name === name) !== index)
  if (twice !== undefined) throw wrong(`${twice.name} is there twice`, at)
  if (lines.length === 0) throw wrong("it says nothing", at)
  return lines
}

const taskMs = 600_000

/** The line reaches the shell as it stands: nothing from elsewhere is put into it. */
const shellRun = (command: string, { to, user, port, environment }: Procfile): Run => ({
  command: ["/bin/sh", "-c", command],
  directory: to,
  environment: { ...(port === undefined ? {} : { PORT: String(port) }), ...environment },
  ...(user === undefined ? {} : { user }),
})

const mostFiles = 5_000

/** Everything below the directory but what git keeps for itself. */
const shipDirectory = ({ directory, to, user = "root" }: Procfile, base: string): readonly Resource[] => {
  const root = resolve(base, directory)
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name).slice(root.length + 1) }))
    .filter(({ entry, path }) => !entry.isDirectory() && !path.split("/").includes(".git"))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
  if (entries.length > mostFiles)
    throw wrong(`it has ${entries.length} files, and ${mostFiles} are as many as can be put on a machine`, directory)
  return entries.map(({ entry, path }): Resource => {
    const target = `${to}/${path}`
    if (entry.isSymbolicLink())
      return { type: "link", id: `link:${target}`, want: { path: target, target: readlinkSync(join(root, path)) } }
    if (!entry.isFile()) throw wrong(`${path} is neither a file nor a link`, directory)
    const mode = (statSync(join(root, path)).mode & 0o100) === 0 ? 0o644 : 0o755
    return {
      type: "file",
      id: `file:${target}`,
      want: { path: target, owner: user, group: user, mode },
      sources: [{ path: join(directory, path), at: `procfile("${directory}")` }],
    }
  })
}

const read = (path: string, at: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new FireclayError("FC_PROCFILE", code === "ENOENT" ? "it is not there" : `it cannot be read (${code})`, {
      at,
      remedy: "the path is relative to the configuration, and names the directory",
      cause,
    })
  }
}

const wrong = (message: string, at: string): FireclayError =>
  new FireclayError("FC_PROCFILE", message, { at, remedy: "a line is, for example: web: ./serve --port $PORT" })
