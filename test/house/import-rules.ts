import { type Edge, readSources, roomOf, type Source, targetOf } from "./sources.ts"

/** Every breach of the rooms' rules below a `src` directory: `core/x.ts:3 core may not import machines (…)`. */
export const breaches = (root: string): readonly string[] => readSources(root).flatMap(breachesOf)

const plugIns = [
  "resources",
  "machines",
  "images",
  "engines",
  "routers",
  "strategies",
  "stores",
  "probes",
  "secrets",
  "inventories",
  "meters",
]
const plugInRules = Object.fromEntries(plugIns.map((room) => [room, ["contract", "schema", "system"]]))
const edges = ["builtin", "contract", "core", "schema", "spec", "system"]

/** Which rooms a room may import, besides itself. */
const mayImport: { readonly [room: string]: readonly string[] } = {
  contract: [],
  schema: ["contract"],
  system: ["contract"],
  core: ["contract", "schema"],
  spec: ["contract", "schema"],
  ...plugInRules,
  engines: ["contract", "schema", "system", "machines", "images"],
  testing: ["contract"],
  builtin: ["contract", "core", "schema", "spec", "system", ...plugIns],
  // What a configuration file imports: constructors, which do nothing.
  index: ["contract", "spec", "resources", "strategies"],
  // Experiments: fleets made to be measured. Told what to do by the command line.
  lab: ["builtin", "contract", "core", "engines", "probes", "schema", "spec", "stores", "strategies", "system"],
  cli: [...edges, "lab", "probes"],
  server: edges,
}

/** Node's modules that reach out of the process, and who may use them. Types are free. */
const reaching = {
  processes: { modules: ["child_process", "cluster"], rooms: ["system"] },
  sockets: {
    modules: ["net", "http", "https", "http2", "tls", "dgram"],
    rooms: [
      "probes",
      "routers",
      "engines",
      "images",
      "machines",
      "stores",
      "lab",
      "cli",
      "server",
      "system",
      "testing",
    ],
  },
  "file writes": {
    modules: ["fs", "fs/promises"],
    rooms: ["machines", "images", "engines", "routers", "stores", "lab", "cli", "server", "system", "testing"],
  },
} as const

/** Names of `node:fs` that only look. Any other, and the module as a whole, can write. */
const looking =
  /^(read|readFile|readdir|readlink|readv|stat|lstat|fstat|statfs|access|exists|realpath|opendir|watch|watchFile|unwatchFile|glob|createReadStream|constants)(Sync)?$|^[A-Z]/

const breachesOf = (source: Source): readonly string[] => [
  ...source.edges.flatMap((edge) => breach(edge) ?? []),
  ...source.fetches
    .filter(() => !includes(reaching.sockets.rooms, roomOf(source.file)))
    .map((line) => `${source.file}:${line} ${roomOf(source.file)} may not use sockets (fetch)`),
]

const breach = (edge: Edge): string | undefined => {
  const room = roomOf(edge.from)
  const says = (what: string): string => `${edge.from}:${edge.line} ${room} ${what} (${edge.to})`
  const target = targetOf(edge)
  if (mayImport[room] === undefined) return says("is a room without a rule")
  if (target === undefined) {
    const use = useOf(edge)
    return use === undefined || includes(reaching[use].rooms, room) ? undefined : says(`may not use ${use}`)
  }
  const other = roomOf(target)
  // The user's configuration is a file that only the command line knows.
  if (target.endsWith("(computed)") && room === "cli") return undefined
  if (other === ".." || target.endsWith("(computed)")) return says("leads out of the rooms")
  const allowed = mayImport[room]
  const fine = room === other || allowed.includes(other) || (edge.typeOnly && allowed.includes(`${other} (types)`))
  return fine ? undefined : says(`may not import ${other}`)
}

const useOf = (edge: Edge): keyof typeof reaching | undefined => {
  const module = edge.to.replace(/^node:/, "")
  if (edge.typeOnly) return undefined
  if (includes(reaching.processes.modules, module)) return "processes"
  if (includes(reaching.sockets.modules, module)) return "sockets"
  const writes = edge.names.some((name) => !looking.test(name))
  return includes(reaching["file writes"].modules, module) && writes ? "file writes" : undefined
}

const includes = (list: readonly string[], value: string): boolean => list.includes(value)
