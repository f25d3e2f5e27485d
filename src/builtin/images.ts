import { resolve } from "node:path"
import { type Engine, FireclayError } from "../contract/index.ts"
import {
  type ExportTarget,
  exportImage,
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
}

/** A place where an image is now. */
export type Left =
  | { readonly to: string }
  | { readonly to: string; readonly reference: string; readonly sent: number; readonly sentBytes: number }

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
  }: {
    readonly out?: readonly string[]
    readonly push?: readonly string[]
    readonly plainHttp?: boolean
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
      return { ...target, path: resolve(directory, target.path), text }
    }),
    references: push,
    ...(plainHttp === undefined ? {} : { plainHttp }),
  }
}

/**
 * Takes an image to where it is to go.
 *
 * @param name what it is called in an archive that says nothing else
 * @throws FireclayError FC_IMAGE_UNKNOWN, FC_REGISTRY, FC_REGISTRY_AUTH
 */
export const leave = async (
  engine: Engine,
  digest: string,
  name: string,
  { targets, references, plainHttp }: Leaving,
  { tell, sign }: { readonly tell: (line: string) => void; readonly sign?: Signer | undefined },
): Promise<readonly Left[]> => {
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
    const options = plainHttp === true ? { plainHttp } : {}
    // Whoever pulls it there asks for a signature that names it.
    await sign?.(digest, repositoryOf(parseReference(reference, "--push")))
    left.push({ to: reference, ...(await pushImage(layout, digest, reference, options)) })
  }
  return left
}
