import { type ImageUse, listImages } from "../../core/index.ts"
import { type Command, type Opened, withProject } from "../command.ts"
import { bytes } from "../render/bytes.ts"
import { table } from "../render/table.ts"

export interface ImagesOptions {
  readonly all?: boolean
}

/** What images there are, who uses them, and what they take. */
export const images: Command<ImagesOptions> = (context, { all = false }) => {
  const show = async ({ bench, output }: Opened): Promise<number> => {
    const found = await listImages(bench)
    const shown = all ? found : found.filter((image) => !image.under || describeUses(image) !== "–")
    const rows = shown.map((image) => [
      image.digest.slice(7, 19),
      describeUses(image),
      bytes(image.size),
      bytes(image.shared),
      image.createdAt.slice(0, 19).replace("T", " "),
      image.instances.length === 0 ? "" : output.paint("green", image.instances.join(", ")),
    ])
    const head = ["image", "is", "size", "shared", "created (UTC)", "in use by"]
    output.print(rows.length === 0 ? "no images yet: fireclay build" : table(head, rows))
    output.answer({ images: found })
    return 0
  }
  return withProject(context, [], show, { hosts: false })
}

/** `web 3, 4 (in force)`, `web, latest build`, or `–`. */
export const describeUses = ({ releases, latestOf }: ImageUse): string => {
  const named = [...Map.groupBy(releases, ({ fleet }) => fleet)].map(
    ([fleet, all]) =>
      `${fleet} ${all.map(({ release, inForce }) => (inForce ? `${release} (in force)` : `${release}`)).join(", ")}`,
  )
  const built = latestOf.filter((fleet) => !releases.some((release) => release.fleet === fleet))
  return [...named, ...built.map((fleet) => `${fleet}, latest build`)].join("; ") || "–"
}
