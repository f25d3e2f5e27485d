import type { Instance, Secrets, Spec, StartFiles, UserData } from "../contract/index.ts"
import type { Bundle, ReleasedResource } from "./release.ts"
import { fill } from "./template.ts"

/** What an instance is started as. */
export interface Start {
  readonly fleet: string
  readonly release?: number
  readonly image?: string
  readonly userData?: UserData | undefined
  /** Files that the release has for the start, by path. */
  readonly files?: ReadonlyMap<string, Uint8Array>
}

/** Directory of an instance's own, in its memory. */
const home = "/run/fireclay"

/** Variables that say what an instance is, for the unit of `run`: where there is no such file, there are none. */
export const instanceEnvironmentPath = `${home}/instance.env`

/**
 * What instances find when they start. Secrets are read now, once; what an instance is, is filled in when it has an
 * address.
 *
 * @throws FireclayError FC_SECRET_MISSING, FC_SECRET_FILE
 */
export const openStartFiles = async (secrets: Secrets, start: Start): Promise<StartFiles> => {
  const data = await Promise.all(
    Object.entries(start.userData ?? {}).map(
      async ([path, content]) =>
        [path, "secret" in content ? await secrets.read(content.secret) : content.text] as const,
    ),
  )
  return (self) => {
    const known = identityOf(self, start)
    const filled = data.map(
      ([path, content]) =>
        [path, typeof content === "string" ? Buffer.from(fill(content, known, `userData: ${path}`)) : content] as const,
    )
    return new Map<string, Uint8Array>([
      ["instance.json", Buffer.from(`${JSON.stringify(known, null, 2)}\n`)],
      ["instance.env", Buffer.from(Object.entries(known).map(variable).join(""))],
      ...filled,
      ...(start.files ?? []),
    ])
  }
}

/** A spec's user data for its release. A text that asks for what no instance is, is refused now and not at a start. */
export const userDataOf = ({ name, userData }: Spec): { readonly userData?: UserData } => {
  if (userData === undefined) return {}
  const any = { name, fleet: name, index: 1, address: "", release: 1, image: "" }
  for (const [path, content] of Object.entries(userData))
    if ("text" in content) fill(content.text, any, `specs.${name}.userData: ${path}`)
  return { userData }
}

/**
 * The variables of `run` that are secrets come with the start of an instance, into memory: its image has a link in the
 * place of the file that a machine in place has.
 */
export const withoutStartSecrets = (resources: readonly ReleasedResource[]): readonly ReleasedResource[] =>
  resources.map((resource) => {
    const path = startPath(resource)
    if (path === undefined) return resource
    const want = { path: (resource.want as { readonly path: string }).path, target: `${home}/${path}` }
    return { type: "link", id: resource.id, want, contents: [] }
  })

/** Where an instance finds what a machine in place has at this path. */
export const startPathOf = (path: string): string => `${home}/${nameOf(path)}`

/** Whether what instances of this release find at their start holds a secret. */
export const hasStartSecrets = ({ manifest }: Pick<Bundle, "manifest">): boolean =>
  manifest.resources.some((resource) => startPath(resource) !== undefined) ||
  Object.values(manifest.userData ?? {}).some((content) => "secret" in content)

/** Those secrets, of a bundle that was opened. */
export const startSecrets = ({ manifest, opened }: Bundle): ReadonlyMap<string, Uint8Array> =>
  new Map(
    manifest.resources.flatMap((resource) => {
      const path = startPath(resource)
      const bytes = opened?.bytes.get(resource.contents[0]?.sha256 ?? "")
      return path === undefined || bytes === undefined ? [] : [[path, bytes] as const]
    }),
  )

/** Only the unit of `run` has variables in a file of their own. */
const startPath = ({ type, want, contents }: ReleasedResource): string | undefined => {
  const sealed = contents[0]?.sealed
  if (type !== "file" || sealed === undefined || !("assignments" in sealed) || sealed.form !== "unit") return undefined
  return nameOf((want as { readonly path: string }).path)
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

const identityOf = ({ name, address }: Pick<Instance, "name" | "address">, { fleet, release, image }: Start) => ({
  name,
  fleet,
  index: Number(/\d+$/.exec(name)?.[0] ?? 1),
  address,
  ...(release === undefined ? {} : { release }),
  ...(image === undefined ? {} : { image }),
})

/** Names and addresses hold nothing that would have to be quoted. */
const variable = ([name, value]: readonly [string, string | number]): string =>
  `FIRECLAY_${name.toUpperCase()}=${value}\n`
