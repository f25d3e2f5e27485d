import { z } from "zod"
import { FireclayError, type Project } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { byteSize, name } from "../schema/fields.ts"
import type { UnnamedFleet } from "./fleet.ts"
import { deepFreeze } from "./freeze.ts"

export interface ProjectOptions {
  readonly name: string
  /** What becomes of images that are no longer in force. */
  readonly images?: {
    /** How many of a fleet's newest releases keep their images. Default: 5. */
    readonly keep?: number
    /** Bytes of all images, such as `"10G"`, beyond which a build removes what it may. Default: `"20G"`. */
    readonly maxSize?: string
  }
  readonly fleets: { readonly [name: string]: UnnamedFleet }
}

/** Survives two copies of this package: a global command line and a local library. */
const brand = Symbol.for("fireclay.project")

/**
 * A whole configuration. Building it does nothing but check and freeze.
 *
 * @throws FireclayError FC_PROJECT_PORT_TAKEN, FC_SPEC_…
 */
export const defineProject = (options: ProjectOptions): Project => {
  const checked = check(projectSchema, options, "project")
  const fleets = Object.entries(checked.fleets).map(
    ([fleetName, fleet]) => [fleetName, { name: fleetName, ...fleet }] as const,
  )
  refuseSharedPorts(fleets)
  const { images } = checked
  return deepFreeze({
    name: checked.name,
    ...(images === undefined ? {} : { images: { keep: images.keep, maxBytes: images.maxSize } }),
    fleets: Object.fromEntries(fleets),
    [brand]: true,
  })
}

/** True for what {@link defineProject} returned, whichever copy of this package did. */
export const isProject = (value: unknown): value is Project =>
  typeof value === "object" && value !== null && brand in value

const fleetSchema = z.custom<UnnamedFleet>(
  (value) => typeof value === "object" && value !== null && "spec" in value && "on" in value && "by" in value,
  "not a fleet: use fleet(spec, { on, by })",
)

const projectSchema = z.strictObject({
  name,
  images: z.strictObject({ keep: z.int().min(1).default(5), maxSize: byteSize.default(20e9) }).optional(),
  fleets: z.record(name, fleetSchema),
})

const refuseSharedPorts = (fleets: readonly (readonly [string, UnnamedFleet])[]): void => {
  const taken = new Map<number, string>()
  const ports = fleets.flatMap(([fleetName, { listen, preview }]) => [
    { place: `fleets.${fleetName}.listen`, port: listen },
    { place: `fleets.${fleetName}.preview`, port: preview },
  ])
  for (const { place, port } of ports) {
    if (port === undefined) continue
    const other = taken.get(port)
    if (other !== undefined)
      throw new FireclayError("FC_PROJECT_PORT_TAKEN", `${other} and ${place} are both port ${port}`, {
        at: place,
        remedy: "give each a port of its own",
      })
    taken.set(port, place)
  }
}
