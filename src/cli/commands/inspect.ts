import { documentsOf, type Inside, type InsideLayer, lookInside } from "../../builtin/inside.ts"
import { describeBase, FireclayError } from "../../contract/index.ts"
import { findImage, listImages } from "../../core/index.ts"
import { type Command, type Opened, withProject } from "../command.ts"
import type { Output } from "../output.ts"
import { bytes } from "../render/bytes.ts"
import { table } from "../render/table.ts"
import { describeUses } from "./images.ts"

export interface InspectOptions {
  /** Its contents, as SPDX, instead of anything else. */
  readonly sbom?: boolean
  /** How it was made, as SLSA has it. */
  readonly provenance?: boolean
}

/** What an image is made of, and how it was made. */
export const inspect: Command<InspectOptions> = (context, { sbom = false, provenance = false }, name = "") => {
  if (sbom && provenance)
    throw new FireclayError("FC_USAGE", "--sbom and --provenance are two documents", { remedy: "ask for one of them" })
  const work = async (opened: Opened): Promise<number> => {
    const image = await chooseImage(opened, name)
    if (sbom || provenance) {
      const documents = await documentsOf(opened.bench, image)
      const document = sbom ? documents.sbom : documents.provenance
      if (document === undefined) throw unknownMaking(image)
      opened.output.document(document.toString())
      return 0
    }
    await show(opened, image)
    return 0
  }
  return withProject(context, isDigest(name) ? [] : [name], work, { hosts: false })
}

const isDigest = (text: string): boolean => /^(sha256:)?[0-9a-f]{8,64}$/.test(text)

/** The latest build of a fleet, or the image whose digest begins like this. */
const chooseImage = async ({ bench }: Opened, name: string): Promise<string> => {
  if (bench.project.fleets[name] === undefined) {
    const found = await findImage(bench, name)
    if (found !== undefined) return found
    throw new FireclayError("FC_IMAGE_UNKNOWN", `there is no image ${name} here`, { remedy: "fireclay images" })
  }
  const built = (await listImages(bench)).find(({ latestOf }) => latestOf.includes(name))
  if (built !== undefined) return built.digest
  throw new FireclayError("FC_IMAGE_UNKNOWN", `no image of ${name} was built here yet, or it was removed`, {
    at: `fleets.${name}`,
    remedy: `fireclay build ${name}`,
  })
}

const show = async ({ bench, output }: Opened, image: string): Promise<void> => {
  const use = (await listImages(bench)).find(({ digest }) => digest === image)
  const fleet = Object.values(bench.project.fleets).find(
    ({ name, by }) =>
      by.verify !== undefined &&
      (use?.latestOf.includes(name) === true || use?.releases.some((release) => release.fleet === name) === true),
  )
  const inside = await lookInside(bench, image, fleet?.by.verify)
  output.print(output.paint("bold", image))
  for (const [title, value] of facts(inside, use === undefined ? "–" : describeUses(use)))
    output.print(`  ${title.padEnd(11)} ${value}`)
  output.print("")
  output.print(table(["layer", "of", "size", "packages", "files"], inside.layers.map(layerRow(inside, output))))
  for (const note of inside.notes) output.note(`note: ${note}`)
  output.answer({ image, ...inside })
}

const facts = (
  { system, making, packages, files, attached, signed }: Inside,
  uses: string,
): readonly (readonly [string, string])[] => [
  ["is", uses],
  ["system", system],
  ["packages", `${packages}`],
  ["files", `${files} that no package owns, above the base`],
  ...(making === undefined
    ? [["made", "nobody knows how: by an earlier Fireclay, or with another log"] as const]
    : [
        ["made by", `fireclay ${making.version ?? ""}`.trim()] as const,
        ["made for", `fleet ${making.fleet}, spec ${making.spec}, release ${making.release}`] as const,
        ["made from", describeBase(making.base)] as const,
        ["made at", `${making.finishedAt.slice(0, 19).replace("T", " ")} (UTC)`] as const,
      ]),
  ["beside it", attached.length === 0 ? "nothing yet" : attached.map((kind) => titles.get(kind) ?? kind).join(", ")],
  ...(signed.length === 0 ? [] : [["signed", signed.map((kind) => titles.get(kind) ?? kind).join(", ")] as const]),
]

/** What the kinds of attachments and statements are to people. */
const titles: ReadonlyMap<string, string> = new Map([
  ["application/spdx+json", "contents (SPDX)"],
  ["application/vnd.in-toto+json", "provenance (SLSA)"],
  ["application/vnd.dev.cosign.artifact.sig.v1+json", "signature"],
  ["application/vnd.dsse.envelope.v1+json", "signed statement"],
  ["https://spdx.dev/Document", "contents (SPDX)"],
  ["https://slsa.dev/provenance/v1", "provenance (SLSA)"],
])

const layerRow =
  ({ making }: Inside, output: Output) =>
  ({ size, resources, packages, files }: InsideLayer, index: number): readonly string[] => {
    const [first, ...others] = resources
    const more = others.length === 0 ? "" : output.paint("dim", ` and ${others.length} more`)
    const of = index === 0 ? `base ${making === undefined ? "" : describeBase(making.base)}`.trim() : (first ?? "–")
    return [`${index}`, `${of}${more}`, bytes(size), `${packages}`, `${files}`]
  }

const unknownMaking = (image: string): FireclayError =>
  new FireclayError("FC_IMAGE_UNKNOWN", "nobody knows here how the image was made", {
    at: image,
    remedy: "fireclay build --fresh makes it anew, and remembers how",
  })
