import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { homedir } from "node:os"
import { dirname, join, resolve } from "node:path"
import {
  FireclayError,
  type Fleet,
  type HostSource,
  isFireclayError,
  type SshEndpoint,
  type SshHost,
} from "../contract/index.ts"
import { foundHosts } from "../spec/ssh.ts"

/** A fleet whose servers are known, and sentences on what was not used of where they are listed. */
export interface FoundFleet {
  readonly fleet: Fleet
  readonly notes: readonly string[]
}

/** Functions and files are asked once, although connecting ahead and the command both need the answer. */
const found = new WeakMap<object, Promise<{ readonly hosts: readonly SshHost[]; readonly notes: readonly string[] }>>()

/**
 * Looks up the servers of a fleet where its configuration says that they are listed, and makes paths absolute.
 *
 * @param directory of the configuration
 * @throws FireclayError FC_INVENTORY, FC_SPEC_…
 */
export const findHosts = async (fleet: Fleet, directory: string): Promise<FoundFleet> => {
  const { on } = fleet
  if (on.kind !== "ssh") return { fleet, notes: [] }
  const known = found.get(on) ?? lookUp(fleet, on, directory)
  found.set(on, known)
  const { hosts, notes } = await known
  const { source: _, ...rest } = on
  return { fleet: { ...fleet, on: { ...rest, hosts } }, notes }
}

type OverSsh = Extract<Fleet["on"], { readonly kind: "ssh" }>

const lookUp = async (fleet: Fleet, { hosts, source }: OverSsh, directory: string) => {
  const here = (list: readonly SshHost[]): readonly SshHost[] => list.map((host) => placed(host, directory))
  if (source === undefined) return { hosts: here(hosts), notes: [] }
  const { from, common } = source
  if (from.kind !== "function") {
    const read = await readFrom(from, directory)
    const bare = read.hosts.map(({ at: _, ...host }) => host)
    return {
      hosts: here(checked(() => foundHosts(bare, common, (index) => atOf(read, index, from.file)))),
      notes: read.notes,
    }
  }
  const at = `fleets.${fleet.name}.on.hosts()`
  const list = await call(from.load, at)
  return { hosts: here(foundHosts(list, common, (index) => (index === undefined ? at : `${at}[${index}]`))), notes: [] }
}

interface Read {
  readonly hosts: readonly (Omit<SshHost, "sudo"> & { readonly sudo?: boolean; readonly at: string })[]
  readonly notes: readonly string[]
}

const atOf = ({ hosts }: Read, index: number | undefined, file: string): string =>
  (index === undefined ? undefined : hosts[index]?.at) ?? file

const call = async (load: () => unknown, at: string): Promise<unknown> => {
  try {
    return await load()
  } catch (cause) {
    if (isFireclayError(cause)) throw cause
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new FireclayError("FC_INVENTORY", `the function that answers the hosts failed: ${message}`, { at, cause })
  }
}

/** What is wrong with a host of a file is a mistake in that file. */
const checked = <T>(work: () => T): T => {
  try {
    return work()
  } catch (error) {
    if (!isFireclayError(error)) throw error
    const { message, at, remedy } = error
    throw new FireclayError("FC_INVENTORY", message, {
      cause: error,
      ...(at === undefined ? {} : { at }),
      ...(remedy === undefined ? {} : { remedy }),
    })
  }
}

const readFrom = async (from: Exclude<HostSource, { kind: "function" }>, directory: string): Promise<Read> => {
  // Loaded here: few configurations need a reader of YAML, and all others start faster without.
  const { readAnsible, readTerraform } = await import("../inventories/index.ts")
  const text = { file: from.file, text: read(from.file, directory) }
  if (from.kind === "terraform") return { hosts: readTerraform(text, from.is, from.take), notes: [] }
  const beside = dirname(from.file)
  return readAnsible(text, from, (kind, name) =>
    variableFiles(join(beside, kind, name), directory).map((file) => ({ file, text: read(file, directory) })),
  )
}

/** `group_vars/web`, with an ending or without, or all such files of a directory of that name, as Ansible looks for them. */
const variableFiles = (path: string, directory: string): readonly string[] => {
  const known = ["", ".yml", ".yaml", ".json"]
    .map((ending) => path + ending)
    .find((file) => existsSync(resolve(directory, file)))
  if (known === undefined) return []
  if (!statSync(resolve(directory, known)).isDirectory()) return [known]
  return readdirSync(resolve(directory, known), { recursive: true, encoding: "utf8" })
    .filter((name) => /(^|\/)[^./][^/]*?(\.(ya?ml|json))?$/.test(name) && !name.endsWith("~"))
    .map((name) => join(known, name))
    .filter((file) => statSync(resolve(directory, file)).isFile() && /\.(ya?ml|json)$|\/[^.]+$/.test(file))
    .sort()
}

const read = (file: string, directory: string): string => {
  try {
    return readFileSync(resolve(directory, file), "utf8")
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === "ENOENT" ? "is not there" : code === "EISDIR" ? "is a directory" : `cannot be read (${code})`
    throw new FireclayError("FC_INVENTORY", `the file ${why}`, {
      at: file,
      remedy: code === "EISDIR" ? "name one file in it" : `paths are relative to ${directory}`,
      cause,
    })
  }
}

const placed = (host: SshHost, directory: string): SshHost => ({
  ...placedPaths(host, directory),
  ...(host.jump === undefined ? {} : { jump: host.jump.map((hop) => placedPaths(hop, directory)) }),
  ...(host.sshConfig === undefined
    ? {}
    : { sshConfig: resolve(directory, host.sshConfig.replace(/^~(?=\/)/, homedir())) }),
})

const placedPaths = <Of extends SshEndpoint>(endpoint: Of, directory: string): Of => ({
  ...endpoint,
  ...(endpoint.identityFile === undefined ? {} : { identityFile: absolute(endpoint.identityFile, directory) }),
  ...(endpoint.knownHosts === undefined ? {} : { knownHosts: absolute(endpoint.knownHosts, directory) }),
})

/** `~` and `%d` are for OpenSSH, which knows whose home is meant. */
const absolute = (path: string, directory: string): string => (/^[~%]/.test(path) ? path : resolve(directory, path))
