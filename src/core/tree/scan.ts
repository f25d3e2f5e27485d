import { FireclayError, type Machine, unseenPaths } from "../../contract/index.ts"

/** What there is at a path. */
export interface Entry {
  /** `f` a file, `d` a directory, `l` a link; others as `find` has them. */
  readonly kind: string
  readonly mode: string
  readonly owner: string
  readonly group: string
  /** Of a file: bytes and sha256. */
  readonly size?: string
  readonly content?: string
  /** Of a link. */
  readonly target?: string
  /** Extended attributes, capabilities among them, each as `NAME=HEX`. */
  readonly attributes?: string
}

/** A machine, as far as it can be compared with another. */
export interface Tree {
  readonly entries: ReadonlyMap<string, Entry>
  /** Files that are compared by what they say, as texts. */
  readonly texts: ReadonlyMap<string, string>
  /** Version, state and whether it came along, by package. */
  readonly packages: ReadonlyMap<string, string>
  /** What could not be looked at, for people. */
  readonly notes: readonly string[]
}

/** Files of which the order, or some field, means nothing. */
export const parsedFiles = ["passwd", "group", "shadow", "gshadow", "subuid", "subgid"].map((name) => `/etc/${name}`)

/**
 * Looks at a whole machine in one round trip: metadata by one `find`, content by `sha256sum` in batches, one after the other,
 * because they share one output. Changes nothing.
 *
 * @throws FireclayError FC_MACHINE_COMMAND
 */
export const scanTree = async (
  machine: Machine,
  { all = false }: { /** Content of caches and logs too. */ readonly all?: boolean } = {},
): Promise<Tree> => {
  const { exitCode, stdout, stderr } = await machine.sh(script(all ? "-false" : unhashed))
  if (exitCode !== 0)
    throw new FireclayError("FC_MACHINE_COMMAND", "the machine could not be looked at", {
      at: machine.name,
      remedy: "it needs GNU find and coreutils, and the account has to be root",
      details: stderr.toString().trimEnd().split("\n").slice(-8),
    })
  return parse(stdout)
}

const real = "ext2|ext3|ext4|xfs|btrfs|zfs|f2fs|jfs|overlay"

/** Shell: file systems to look at, as `$roots`. @param which a condition of awk over the lines of `/proc/mounts` */
export const rootsWhere = (which: string): string =>
  `roots=$(awk '$3 ~ /^(${real})$/ && ${which} { print $2 }' /proc/mounts | grep -vE '^(${unseenPaths.join("|")})(/|$)' | grep -v '[\\\\]' | sort -u)`

/** Shell: all of them. */
export const findRoots = [rootsWhere("1"), "roots=$(printf '/\\n%s\\n' \"$roots\" | sort -u)"] as const

/** Shell: the beginning of a `find` over all of them. */
export const where = `find $roots -xdev \\( ${unseenPaths.map((path) => `-path ${path}`).join(" -o ")} \\) -prune -o`

/** Caches and logs, which may be large, and differ anyway. */
const unhashed = `-path '/var/cache/*' -o -path '/var/log/*' -o -path '/var/lib/apt/lists/*'`

const attributesOf = [
  "import os, sys",
  "for path in sys.stdin.buffer.read().split(b'\\0'):",
  "  try: names = os.listxattr(path, follow_symlinks=False) if path else []",
  "  except OSError: names = []",
  "  for name in sorted(names):",
  "    if name.startswith(('security.capability', 'user.', 'system.posix_acl')):",
  "      value = os.getxattr(path, name, follow_symlinks=False).hex()",
  "      sys.stdout.buffer.write(path + b'\\0' + name.encode() + b'=' + value.encode() + b'\\0')",
].join("\n")

// Marks stand alone between NUL characters, where no path can be: paths are absolute.
const script = (unread: string): string =>
  [
    "export LC_ALL=C",
    `roots=$(awk '$3 ~ /^(${real})$/ { print $2 }' /proc/mounts | grep -vE '^(${unseenPaths.join("|")})(/|$)' | grep -v '[\\\\]' | sort -u)`,
    "roots=$(printf '/\\n%s\\n' \"$roots\" | sort -u)",
    "printf 'entries\\0'",
    `${where} -printf '%y %m %u %g %s\\0%p\\0%l\\0'`,
    "printf 'sums\\0'",
    `${where} \\( ${unread} \\) -prune -o -type f -size +0 -print0 | xargs -0 -r -n 400 sha256sum -z --`,
    "printf 'attributes\\0'",
    `if command -v python3 >/dev/null; then ${where} \\( -type f -o -type d \\) -print0 | python3 -c '${attributesOf.replaceAll("'", `'"'"'`)}'; else printf '%s\\0\\0' -; fi`,
    "printf 'texts\\0'",
    `for file in ${parsedFiles.join(" ")}; do [ ! -f "$file" ] || { printf '%s\\0' "$file"; cat "$file"; printf '\\0'; }; done`,
    "printf 'packages\\0'",
    "if command -v dpkg-query >/dev/null; then",
    "  dpkg-query -W -f '${binary:Package} ${Version} ${db:Status-Abbrev}\\n'; echo; apt-mark showauto 2>/dev/null",
    "fi",
  ].join("\n")

const parse = (stdout: Buffer): Tree => {
  const fields = stdout.toString().split("\0")
  const section = (from: string, to: string): readonly string[] =>
    fields.slice(fields.indexOf(from) + 1, fields.indexOf(to, fields.indexOf(from)))
  const sums = new Map(section("sums", "attributes").map((line) => [line.slice(66), line.slice(0, 64)]))
  const attributes = new Map<string, string>()
  const notes: string[] = []
  for (const [path, value] of pairs(section("attributes", "texts")))
    if (path === "-") notes.push("extended attributes were not compared: the machine has no python3")
    else attributes.set(path, [attributes.get(path), value].filter(Boolean).join(" "))
  const entries = new Map<string, Entry>()
  const listed = section("entries", "sums")
  for (let at = 0; at + 2 < listed.length; at += 3) {
    const path = listed[at + 1] ?? ""
    entries.set(path, entryOf(listed[at] ?? "", listed[at + 2] ?? "", sums.get(path), attributes.get(path)))
  }
  const packages = parsePackages(fields.slice(fields.lastIndexOf("packages") + 1).join(""))
  return { entries, texts: new Map(pairs(section("texts", "packages"))), packages, notes }
}

const pairs = (fields: readonly string[]): readonly (readonly [string, string])[] =>
  Array.from({ length: Math.floor(fields.length / 2) }, (_, index) => [
    fields[2 * index] ?? "",
    fields[2 * index + 1] ?? "",
  ])

const entryOf = (line: string, target: string, sum: string | undefined, attributes: string | undefined): Entry => {
  const [kind = "", mode = "", owner = "", group = "", size = ""] = line.split(" ")
  return {
    kind,
    mode,
    owner,
    group,
    ...(kind === "f" ? { size, ...(sum === undefined ? {} : { content: sum }) } : {}),
    ...(kind === "l" ? { target } : {}),
    ...(attributes === undefined ? {} : { attributes }),
  }
}

const parsePackages = (text: string): ReadonlyMap<string, string> => {
  const [installed = "", automatic = ""] = text.split("\n\n")
  const auto = new Set(automatic.split("\n"))
  const rows = installed.split("\n").filter(Boolean)
  return new Map(
    rows.map((line) => {
      const [name = "", version = "", ...state] = line.trimEnd().split(" ")
      return [
        name,
        `${version} ${state.join("")}${auto.has(name.replace(/:.*/, "")) || auto.has(name) ? " came along" : ""}`,
      ]
    }),
  )
}
