import { createHash } from "node:crypto"
import { lstat, readFile } from "node:fs/promises"
import { join } from "node:path"
import { run } from "../../../src/system/process.ts"
import type { FaultMachine } from "./machine.ts"
import { varies } from "./varies.ts"

/** All that a machine is: one line for each path, package, account file and unit, by a name of its own. */
export type State = ReadonlyMap<string, string>

/** Looks at a running machine, its tree from the host's side. */
export const readState = async (machine: FaultMachine): Promise<State> => {
  const [tree, attributes, packages, automatic, units] = await Promise.all([
    readTree(machine),
    readAttributes(machine),
    readPackages(machine.root),
    readAutomatic(machine.root),
    readUnits(machine),
  ])
  return new Map([...tree, ...attributes, ...packages, ...automatic, ...units])
}

/** What differs, as `NAME: WAS → IS`. */
export const compareStates = (want: State, have: State): readonly string[] =>
  [...new Set([...want.keys(), ...have.keys()])]
    .filter((name) => want.get(name) !== have.get(name))
    .toSorted()
    .map((name) => `${name}: ${want.get(name) ?? "nothing"} → ${have.get(name) ?? "nothing"}`)

/** Kind, mode, owner and group by number, target; and, for what is not as in the base, the content's digest. */
const readTree = async ({ root, upper }: FaultMachine): Promise<readonly (readonly [string, string])[]> => {
  const { stdout, exitCode, stderr } = await run(["find", root, "-xdev", "-printf", "%y %m %U %G\\t/%P\\t%l\\0"])
  if (exitCode !== 0) throw new Error(stderr.toString())
  const found = stdout.toString().split("\0").slice(0, -1)
  const entries = await Promise.all(
    found.map(async (line): Promise<readonly [string, string] | undefined> => {
      const [facts = "", path = "", target = ""] = line.split("\t")
      if (varies(path)) return undefined
      const content = facts.startsWith("f") ? await digestOf(join(upper, path)) : ""
      return [path, `${facts} ${target}${content}`]
    }),
  )
  return entries.filter((entry) => entry !== undefined)
}

/** Digests by what changes with the content whatever anyone does about times: the inode and its change time. */
const digests = new Map<string, string>()

/** Of a file that the base does not have so; of one that is as in the base there is nothing to say but where it is. */
const digestOf = async (path: string): Promise<string> => {
  const stats = await lstat(path, { bigint: true }).catch(() => undefined)
  if (stats === undefined) return "as in the base"
  const key = `${path} ${stats.ino} ${stats.size} ${stats.ctimeNs}`
  const known = digests.get(key)
  if (known !== undefined) return known
  const digest = createHash("sha256")
    .update(await readFile(path))
    .digest("hex")
    .slice(0, 16)
  digests.set(key, digest)
  return digest
}

/** Extended attributes and capabilities, of what is not as in the base. The overlay's own are not the machine's. */
const readAttributes = async ({ upper }: FaultMachine): Promise<readonly (readonly [string, string])[]> => {
  const argv = [
    "getfattr",
    "--recursive",
    "--physical",
    "--no-dereference",
    "--dump",
    "--match=^(user|security|system)\\.",
  ]
  const { stdout } = await run([...argv, "--encoding=hex", "--absolute-names", upper])
  return stdout
    .toString()
    .split("\n\n")
    .filter((block) => block !== "")
    .flatMap((block) => {
      const [title = "", ...lines] = block.split("\n")
      const path = title.replace(`# file: ${upper}`, "")
      return varies(path) ? [] : [[`attributes of ${path}`, lines.join(" ")] as const]
    })
}

const readPackages = async (root: string): Promise<readonly (readonly [string, string])[]> => {
  const stanzas = (await readFile(join(root, "var/lib/dpkg/status"), "utf8")).split("\n\n")
  return stanzas
    .filter((stanza) => stanza.trim() !== "")
    .map((stanza) => {
      const field = (name: string): string => new RegExp(`^${name}: *((?:.*)(?:\n .*)*)`, "m").exec(stanza)?.[1] ?? ""
      const facts = [
        "Version",
        "Architecture",
        "Status",
        "Conffiles",
        "Config-Version",
        "Triggers-Pending",
        "Triggers-Awaited",
      ]
      return [
        `package ${field("Package")}`,
        facts
          .map((name) => field(name).replaceAll("\n", ""))
          .join(" ")
          .trim(),
      ] as const
    })
}

const readAutomatic = async (root: string): Promise<readonly (readonly [string, string])[]> => {
  const text = await readFile(join(root, "var/lib/apt/extended_states"), "utf8").catch(() => "")
  return text
    .split("\n\n")
    .filter((stanza) => stanza.includes("Auto-Installed: 1"))
    .map((stanza) => [`automatically installed ${/^Package: (.*)$/m.exec(stanza)?.[1]}`, "yes"] as const)
}

const readUnits = async ({ machine }: FaultMachine): Promise<readonly (readonly [string, string])[]> => {
  const script = `systemctl list-unit-files --no-legend --no-pager --plain | sed 's/^/file /'
systemctl list-units --all --no-legend --no-pager --plain --type=service | sed 's/^/unit /'`
  const { stdout } = await machine.sh(script)
  return stdout
    .toString()
    .split("\n")
    .flatMap((line) => {
      const [kind = "", name = "", ...facts] = line.split(/ +/)
      if (kind === "file") return [[`unit file ${name}`, facts[0] ?? ""] as const]
      // Loaded, active, and what it does. A unit that ended and is not loaded is not there.
      const gone = facts[1] === "inactive" || name.startsWith("user@") || name.startsWith("user-runtime-dir@")
      return kind === "unit" && !gone ? [[`unit ${name}`, facts.slice(0, 3).join(" ")] as const] : []
    })
}
