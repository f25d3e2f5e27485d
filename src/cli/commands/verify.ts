import { FireclayError, type Fleet } from "../../contract/index.ts"
import { verify as compare, type Explained, findImage, type VerifyWith } from "../../core/index.ts"
import { type Command, type Opened, withProject } from "../command.ts"

/** Compares a machine with the image of its release, and explains each difference. */
export const verify: Command<object> = (context, _options, name = "", other?: string) => {
  const work = async (opened: Opened): Promise<number> => {
    const { bench, output } = opened
    const [fleet] = opened.fleets as readonly [Fleet]
    const verified = await compare(bench, fleet, await readOther(opened, other))
    const { one, other: with_, release, compared, differences, notes } = verified
    const unexplained = differences.filter(({ kind }) => kind === "unexplained")
    output.print(
      `${output.paint("bold", one)} and ${with_}, release ${release}: ${compared} paths and packages compared\n`,
    )
    for (const line of summarise(differences)) output.print(line)
    for (const { what, property, one: here, other: there } of unexplained)
      output.print(`${output.paint("red", "?")} ${what}  ${property}: ${here ?? "–"}, ${there ?? "–"}`)
    for (const note of notes) output.note(`note: ${note}`)
    const verdict =
      unexplained.length === 0
        ? output.paint("green", "✓ no difference that is not explained")
        : output.paint("red", `${unexplained.length} differences that nothing explains`)
    output.print(verdict)
    output.answer({ ...verified, unexplained: unexplained.length })
    return unexplained.length === 0 ? 0 : 1
  }
  // Servers of both are looked up, if both are fleets.
  return withProject(context, other === undefined || isDigest(other) ? [name] : [name, other], work)
}

const isDigest = (text: string): boolean => /^(sha256:)?[0-9a-f]{8,64}$/.test(text)

const readOther = async ({ bench, fleets }: Opened, other: string | undefined): Promise<VerifyWith> => {
  if (other === undefined) return undefined
  const fleet = fleets[1]
  if (fleet !== undefined) return { fleet }
  const image = await findImage(bench, other)
  if (image !== undefined) return { image }
  throw new FireclayError("FC_IMAGE_UNKNOWN", `there is no fleet and no image called "${other}"`, {
    remedy: "fireclay images lists what there is; at least eight digits of a digest will do",
  })
}

/** By reason: how many, and one of them. */
const summarise = (differences: readonly Explained[]): readonly string[] => {
  const explained = differences.filter(({ kind }) => kind !== "unexplained")
  const reasons = Map.groupBy(explained, ({ kind, why }) => `${titles[kind]}: ${why}`)
  return [...reasons].sort().map(([reason, all]) => {
    const paths = new Set(all.map(({ what }) => what))
    const [first = ""] = paths
    return `  ${reason}  (${paths.size === 1 ? first : `${paths.size}, such as ${first}`})`
  })
}

const titles: { readonly [kind in Explained["kind"]]: string } = {
  machine: "kept per machine",
  nature: "varies by nature",
  derived: "derived",
  data: "declared data",
  start: "given at the start",
  past: "left by an earlier release",
  server: "not of the release",
  unexplained: "unexplained",
}
