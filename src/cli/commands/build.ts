import { type Left, leave, parseLeaving } from "../../builtin/images.ts"
import { bake, bundle, collectImages } from "../../core/index.ts"
import { type Command, type Opened, withProject, workingDirectory } from "../command.ts"
import { megabytes } from "../render/size.ts"
import { pruneDocument } from "./prune.ts"

export interface BuildOptions {
  /** Bake every layer again. */
  readonly fresh?: boolean
  /** Where it is written to besides. */
  readonly out?: readonly string[]
  /** Names in registries. */
  readonly push?: readonly string[]
  readonly plainHttp?: boolean
}

/** Bakes the image of each fleet's spec, or says that it is there. */
export const build: Command<BuildOptions> = (context, options, ...names) => {
  const work = async ({ bench, config, fleets, output }: Opened): Promise<number> => {
    const fleetNames = fleets.map((fleet) => fleet.name)
    const leaving = parseLeaving(options, workingDirectory(context), fleetNames)
    const built = []
    for (const fleet of fleets) {
      const startedAt = Date.now()
      const { image, made, layers } = await bake(bench, fleet.name, await bundle(fleet.spec, config.directory), {
        fresh: options.fresh === true,
      })
      const seconds = (Date.now() - startedAt) / 1000
      const name = `${config.project.name}/${fleet.spec.name}:latest`
      const tell = (doing: string): void => bench.progress({ fleet: fleet.name, doing })
      const left = await leave(bench.engine(), image.digest, name, leaving, tell)
      built.push({
        fleet: fleet.name,
        spec: fleet.spec.name,
        image: image.digest,
        size: image.size,
        layersMade: made,
        layers,
        seconds,
        left,
      })
      const what = made === 0 ? "unchanged" : `${made} of ${layers} layers baked`
      output.print(
        `${output.paint("bold", fleet.name)}  ${image.digest}  ${output.paint("dim", `${megabytes(image.size)}, ${what}, ${seconds.toFixed(2)} s`)}`,
      )
      for (const place of left) output.print(`  ${describeLeft(place)}`)
    }
    const pruned = await collectImages(bench)
    if (pruned !== undefined && pruned.remove.length > 0)
      output.note(`removed ${pruned.remove.length} images that were no longer needed, ${megabytes(pruned.freed)}`)
    output.answer({ images: built, ...(pruned === undefined ? {} : { pruned: pruneDocument(pruned) }) })
    return 0
  }
  return withProject(context, names, work, { hosts: false })
}

const describeLeft = (place: Left): string => {
  if (!("reference" in place)) return `written to ${place.to}`
  const sent = place.sent === 0 ? "everything was there" : `${(place.sentBytes / 1e6).toFixed(0)} MB sent`
  return `pushed as ${place.reference}, ${sent}`
}
