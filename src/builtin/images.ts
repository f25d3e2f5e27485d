import { resolve } from "node:path"
import { type Engine, FireclayError } from "../contract/index.ts"
import {
  type ExportTarget,
  exportImage,
  type Pushed,
  parseExportTarget,
  parseReference,
  pushImage,
  repositoryOf,
} from "../images/index.ts"
import { layoutOf, type Signer } from "./signing.ts"

/** Where the image of a fleet is to go, besides this computer. */
export interface Leaving {
  readonly targets: readonly (ExportTarget & { readonly text: string })[]
  readonly references: readonly string[]
  readonly plainHttp?: boolean
  /** Nothing goes with it but its signatures. */
  readonly bare?: boolean
}

/** A place where an image is now. */
export type Left = { readonly to: string } | ({ readonly to: string } & Pushed)

/**
 * What `build --out --push` asks for, checked before anything is baked.
 *
 * @param fleets names of the fleets that are built: several images cannot have one name
 * @throws FireclayError FC_USAGE
 */
export const parseLeaving = (
  {
    out = [],
    push = [],
    plainHttp,
    bare = false,
  }: {
    readonly out?: readonly string[]
    readonly push?: readonly string[]
    readonly plainHttp?: boolean
    readonly bare?: boolean
  },
  directory: string,
  fleets: readonly string[],
): Leaving => {
  if (out.length + push.length > 0 && fleets.length > 1)
    throw new FireclayError("FC_USAGE", "--out and --push take the image of one fleet", {
      remedy: `name it: fireclay build ${fleets[0]} …`,
    })
  for (const reference of push) parseReference(reference, "--push")
  return {
    targets: out.map((text) => {
      const target = parseExportTarget(text)
      return { ...target, path: resolve(directory, target.path), text, bare }
    }),
    bare,
    references: push,
    ...(plainHttp === undefined ? {} : { plainHttp }),
  }
}

export interface LeaveHow {
  readonly tell: (line: string) => void
  readonly sign?: Signer | undefined
  /** Puts beside the image what it is made of, and how. */
  readonly keepDocuments: (image: string) => Promise<void>
}

/**
 * Takes an image to where it is to go, with what it is made of and how.
 *
 * @param name what it is called in an archive that says nothing else
 * @throws FireclayError FC_IMAGE_UNKNOWN, FC_REGISTRY, FC_REGISTRY_AUTH
 */
export const leave = async (
  engine: Engine,
  digest: string,
  name: string,
  { targets, references, plainHttp, bare = false }: Leaving,
  { tell, sign, keepDocuments }: LeaveHow,
): Promise<readonly Left[]> => {
  if (!bare && (sign !== undefined || targets.length + references.length > 0)) await keepDocuments(digest)
  await sign?.(digest)
  if (targets.length + references.length === 0) return []
  const layout = layoutOf(engine)
  const left: Left[] = []
  for (const target of targets) {
    tell(`writing ${target.text}`)
    await exportImage(layout, digest, target, name)
    left.push({ to: target.text })
  }
  for (const reference of references) {
    tell(`pushing ${reference}`)
    const options = { bare, ...(plainHttp === true ? { plainHttp } : {}) }
    // Whoever pulls it there asks for a signature that names it.
    await sign?.(digest, repositoryOf(parseReference(reference, "--push")))
    left.push({ to: reference, ...(await pushImage(layout, digest, reference, options)) })
  }
  return left
}
