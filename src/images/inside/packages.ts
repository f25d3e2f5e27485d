import { posix } from "node:path"

/** What a package manager's own database says of an installed package. */
export interface DatabasePackage {
  readonly name: string
  readonly version: string
  /** As its manager calls it: `amd64`, `all`, `x86_64`. */
  readonly architecture: string
  /** What it was built from, where the database says. */
  readonly source?: { readonly name: string; readonly version: string }
  readonly maintainer?: string
  readonly homepage?: string
  /** Said by the database itself. */
  readonly licence?: string
}

/** Paragraphs of `/var/lib/dpkg/status`: what is there, configured or not; what only left its configuration is not. */
export const parseDpkgStatus = (text: string): readonly DatabasePackage[] =>
  text.split(/\n\n+/).flatMap((paragraph) => {
    const field = fieldsOf(paragraph)
    const [, , status = "not-installed"] = (field.get("Status") ?? "").split(" ")
    const [name, version] = [field.get("Package"), field.get("Version")]
    if (name === undefined || version === undefined || absent.has(status)) return []
    const [maintainer, homepage] = [field.get("Maintainer"), field.get("Homepage")]
    return [
      {
        name,
        version,
        architecture: field.get("Architecture") ?? "",
        source: sourceOf(field.get("Source"), name, version),
        ...(maintainer === undefined ? {} : { maintainer }),
        ...(homepage === undefined ? {} : { homepage }),
      },
    ]
  })

const absent: ReadonlySet<string> = new Set(["not-installed", "config-files"])

/** First lines only: what is asked for has no others. */
const fieldsOf = (paragraph: string): ReadonlyMap<string, string> =>
  new Map(
    paragraph.split("\n").flatMap((line) => {
      const colon = line.indexOf(":")
      const [name, value] = [line.slice(0, Math.max(0, colon)), line.slice(colon + 1).trim()]
      return /^[A-Za-z0-9-]+$/.test(name) && value !== "" ? [[name, value] as const] : []
    }),
  )

/** `Source: gcc-12 (12.2.0-14)`; without one, or without a version, the package's own. */
const sourceOf = (text: string | undefined, name: string, version: string) => {
  const [, source = name, own = version] = /^(\S+)(?:\s+\((\S+)\))?$/.exec(text ?? "") ?? []
  return { name: source, version: own }
}

/** Where dpkg lists a package's files. */
export const dpkgLists = ({ name, architecture }: DatabasePackage): readonly string[] => [
  `/var/lib/dpkg/info/${name}.list`,
  `/var/lib/dpkg/info/${name}:${architecture}.list`,
]

/** Paths of a list. Where `/usr` is merged, packages still say `/bin`, and what is there is below `/usr`. */
export const parseDpkgList = (text: string): readonly string[] =>
  text.split("\n").flatMap((path) => {
    if (!path.startsWith("/") || path === "/.") return []
    return /^\/(bin|sbin|lib\w*)\//.test(path) ? [path, `/usr${path}`] : [path]
  })

/** `/lib/apk/db/installed`: the packages, and the paths that are theirs. */
export const parseApkInstalled = (
  text: string,
): { readonly packages: readonly DatabasePackage[]; readonly paths: readonly string[] } => {
  const paths: string[] = []
  const packages = text.split(/\n\n+/).flatMap((paragraph) => {
    const field = new Map<string, string>()
    let directory = ""
    for (const line of paragraph.split("\n")) {
      const [key = "", value] = [line.slice(0, 1), line.slice(2)]
      if (key === "F") directory = value
      else if (key === "R") paths.push(posix.join("/", directory, value))
      else if (!field.has(key)) field.set(key, value)
    }
    return apkPackage(field)
  })
  return { packages, paths }
}

const apkPackage = (field: ReadonlyMap<string, string>): readonly DatabasePackage[] => {
  const [name, version, source] = [field.get("P"), field.get("V"), field.get("o")]
  if (name === undefined || version === undefined) return []
  const [maintainer, homepage, licence] = [field.get("m"), field.get("U"), field.get("L")]
  return [
    {
      name,
      version,
      architecture: field.get("A") ?? "",
      ...(source === undefined ? {} : { source: { name: source, version } }),
      ...(maintainer === undefined ? {} : { maintainer }),
      ...(homepage === undefined ? {} : { homepage }),
      ...(licence === undefined ? {} : { licence }),
    },
  ]
}

/** What `/etc/os-release` says the system is. */
export interface System {
  readonly id: string
  readonly version: string
  readonly name: string
}

export const parseSystem = (text = ""): System => {
  const values = new Map(
    text.split("\n").flatMap((line) => {
      const [, key = "", quoted, plain] = /^([A-Z_]+)=(?:"(.*)"|'?(.*?)'?)$/.exec(line) ?? []
      return key === "" ? [] : [[key, quoted ?? plain ?? ""] as const]
    }),
  )
  const id = values.get("ID") ?? "linux"
  return { id, version: values.get("VERSION_ID") ?? "", name: values.get("PRETTY_NAME") ?? id }
}

/** Managers whose databases are read. */
export type PackageKind = "deb" | "apk" | "rpm"

/** How a package is named to those who look for what is known of it: `pkg:deb/debian/libc6@2.36-9?arch=amd64&…`. */
export const packageUrl = (kind: PackageKind, found: DatabasePackage, system: System): string => {
  const { name, version, architecture } = found
  const [, epoch, own = version] = (kind === "rpm" ? /^(?:(\d+):)?(.*)$/.exec(version) : undefined) ?? []
  const qualifiers = [
    ["arch", architecture],
    ["distro", system.version === "" ? system.id : `${system.id}-${system.version}`],
    ["epoch", epoch],
    ["upstream", upstreamOf(kind, found)],
  ].flatMap(([key = "", value]) => (value === undefined || value === "" ? [] : [`${key}=${encoded(value)}`]))
  return `pkg:${kind}/${encoded(system.id)}/${encoded(name)}@${encoded(own)}?${qualifiers.join("&")}`
}

const upstreamOf = (kind: PackageKind, { name, version, source }: DatabasePackage): string | undefined => {
  if (source === undefined) return undefined
  if (kind === "rpm") return `${source.name}-${source.version}.src.rpm`
  if (source.version !== version) return `${source.name}@${source.version}`
  return source.name === name ? undefined : source.name
}

/** A colon stands for itself everywhere. */
const encoded = (text: string): string => encodeURIComponent(text).replaceAll("%3A", ":")
