import { resolve } from "node:path"
import { type Leaving, type Left, leave, parseLeaving } from "../../builtin/images.ts"
import { openSigner, type Signer } from "../../builtin/signing.ts"
import { FireclayError, type Fleet } from "../../contract/index.ts"
import { bake, bundle, checkReproducible, collectImages, type Moved, pinSpec, updateLock } from "../../core/index.ts"
import { type Command, type Opened, withProject, workingDirectory } from "../command.ts"
import { bytes } from "../render/bytes.ts"
import { pruneDocument } from "./prune.ts"

export interface BuildOptions {
  /** Bake every layer again. */
  readonly fresh?: boolean
  /** Bake twice and compare, instead of anything else. */
  readonly check?: boolean
  /** Move the lock first. */
  readonly update?: boolean
  /** Where it is written to besides. */
  readonly out?: readonly string[]
  /** Names in registries. */
  readonly push?: readonly string[]
  readonly plainHttp?: boolean
  /** What leaves takes nothing with it but its signatures. */
  readonly bare?: boolean
  /** A private key to sign with. */
  readonly sign?: string
}

/** Bakes the image of each fleet's spec, or says that it is there. */
export const build: Command<BuildOptions> = (context, options, ...names) => {
  const work = async (opened: Opened): Promise<number> => {
    const { bench, fleets, output } = opened
    const leaving = parseLeaving(
      options,
      workingDirectory(context),
      fleets.map((fleet) => fleet.name),
    )
    if (options.check === true) {
      refuseBesideCheck(options)
      return check(opened)
    }
    const sign =
      options.sign === undefined
        ? undefined
        : await openSigner(bench.engine(), resolve(workingDirectory(context), options.sign), bench.secrets)
    const moved = options.update === true ? await update(opened) : undefined
    const built = []
    for (const fleet of fleets) built.push(await buildOne(opened, fleet, options, { leaving, sign }))
    const pruned = await collectImages(bench)
    if (pruned !== undefined && pruned.remove.length > 0)
      output.note(`removed ${pruned.remove.length} images that were no longer needed, ${bytes(pruned.freed)}`)
    output.answer({
      images: built,
      ...(moved === undefined ? {} : { moved }),
      ...(pruned === undefined ? {} : { pruned: pruneDocument(pruned) }),
    })
    return 0
  }
  return withProject(context, names, work, { hosts: false, update: options.update === true })
}

const buildOne = async (
  { bench, config, output }: Opened,
  fleet: Fleet,
  options: BuildOptions,
  { leaving, sign }: { readonly leaving: Leaving; readonly sign: Signer | undefined },
): Promise<object> => {
  const startedAt = Date.now()
  const { image, made, layers, notes } = await bake(
    bench,
    fleet.name,
    await bundle(await pinSpec(bench, fleet.spec), config.directory),
    {
      fresh: options.fresh === true,
    },
  )
  const seconds = (Date.now() - startedAt) / 1000
  const name = `${config.project.name}/${fleet.spec.name}:latest`
  const tell = (doing: string): void => bench.progress({ fleet: fleet.name, doing })
  const left = await leave(bench.engine(), image.digest, name, leaving, {
    tell,
    sign,
    // Loaded here: most builds leave nothing.
    keepDocuments: async (digest) => (await import("../../builtin/inside.ts")).keepDocuments(bench, digest),
  })
  for (const note of notes) output.note(`note: ${note}`)
  const what = made === 0 ? "unchanged" : `${made} of ${layers} layers baked`
  output.print(
    `${output.paint("bold", fleet.name)}  ${image.digest}  ${output.paint("dim", `${bytes(image.size)}, ${what}, ${seconds.toFixed(2)} s`)}`,
  )
  if (sign !== undefined) output.print("  signed")
  for (const place of left) output.print(`  ${describeLeft(place)}`)
  const { digest, size } = image
  const signed = sign !== undefined
  return {
    fleet: fleet.name,
    spec: fleet.spec.name,
    image: digest,
    size,
    layersMade: made,
    layers,
    seconds,
    signed,
    left,
  }
}

/** A check keeps nothing, so there is nothing to write, push, sign or lock. */
const refuseBesideCheck = ({ update: moves, out = [], push = [], sign }: BuildOptions): void => {
  const given = [
    ...(moves === true ? ["--update"] : []),
    ...(out.length > 0 ? ["--out"] : []),
    ...(push.length > 0 ? ["--push"] : []),
    ...(sign === undefined ? [] : ["--sign"]),
  ]
  if (given.length === 0) return
  throw new FireclayError("FC_USAGE", `--check only compares: it does nothing about ${given.join(", ")}`, {
    at: "--check",
    remedy: "leave it out, or check first and build then",
  })
}

/** Bakes twice, and compares. */
const check = async ({ bench, config, fleets, output }: Opened): Promise<number> => {
  const checked = []
  for (const fleet of fleets) {
    const { image, differences } = await checkReproducible(
      bench,
      fleet.name,
      await bundle(await pinSpec(bench, fleet.spec), config.directory),
    )
    const reproducible = differences.length === 0
    checked.push({ fleet: fleet.name, image: image.digest, reproducible, differences })
    const mark = reproducible ? output.paint("green", "reproducible") : output.paint("red", "not reproducible")
    output.print(`${output.paint("bold", fleet.name)}  ${image.digest}  ${mark}`)
    for (const { what, property, resource } of differences)
      output.print(`  ${what}: ${property} differs${resource === undefined ? "" : `, made by ${resource}`}`)
  }
  output.answer({ images: checked })
  return checked.every(({ reproducible }) => reproducible) ? 0 : 1
}

/** Moves the lock, and shows what moved. */
const update = async ({ bench, config, fleets, output }: Opened): Promise<readonly Moved[]> => {
  const bundles = fleets.map(async (fleet) => ({
    fleet: fleet.name,
    bundle: await bundle(await pinSpec(bench, fleet.spec), config.directory),
  }))
  const moved = await updateLock(bench, await Promise.all(bundles))
  if (moved.length === 0) output.print("The lock is up to date.")
  for (const { base, changes } of moved) {
    output.print(output.paint("bold", base))
    for (const { name, from, to } of changes) output.print(`  ${name}  ${from ?? "–"} → ${to ?? "–"}`)
  }
  return moved
}

const describeLeft = (place: Left): string => {
  if (!("reference" in place)) return `written to ${place.to}`
  const sent = place.sent === 0 ? "everything was there" : `${(place.sentBytes / 1e6).toFixed(0)} MB sent`
  const beside = place.attached.length === 0 ? "" : `, with ${place.attached.length} documents beside it`
  return `pushed as ${place.reference}, ${sent}${beside}`
}
