import { bake, bundle } from "../../core/index.ts"
import { type Command, type Opened, withProject } from "../command.ts"

export interface BuildOptions {
  /** Bake every layer again. */
  readonly fresh?: boolean
}

/** Bakes the image of each fleet's spec, or says that it is there. */
export const build: Command<BuildOptions> = (context, options, ...names) => {
  const work = async ({ bench, config, fleets, output }: Opened): Promise<number> => {
    const built = []
    for (const fleet of fleets) {
      const startedAt = Date.now()
      const { image, made, layers } = await bake(bench, fleet.name, await bundle(fleet.spec, config.directory), {
        fresh: options.fresh === true,
      })
      const seconds = (Date.now() - startedAt) / 1000
      built.push({
        fleet: fleet.name,
        spec: fleet.spec.name,
        image: image.digest,
        size: image.size,
        layersMade: made,
        layers,
        seconds,
      })
      const what = made === 0 ? "unchanged" : `${made} of ${layers} layers baked`
      output.print(
        `${output.paint("bold", fleet.name)}  ${image.digest}  ${output.paint("dim", `${(image.size / 1e6).toFixed(0)} MB, ${what}, ${seconds.toFixed(2)} s`)}`,
      )
    }
    output.answer({ images: built })
    return 0
  }
  return withProject(context, names, work, { hosts: false })
}
