import type { Adoption } from "../../core/index.ts"
import type { ProjectFile, Proposal } from "../adopt/propose.ts"
import type { Output } from "../output.ts"
import { renderDiff } from "./diff.ts"
import { printable } from "./printable.ts"

type Paint = Output["paint"]

/** What would be written into the project's files, and what is left for a person to do. */
export const renderProposal = ({ files, left, lines }: Proposal, paint: Paint): string =>
  [
    ...files.flatMap((file) => renderFile(file, paint)),
    ...(left.length === 0 ? [] : ["", paint("bold", "by hand")]),
    ...left.map(({ id, why }) => `  ${paint("yellow", "!")} ${printable(id)}: ${why}`),
    ...(lines.length === 0 ? [] : ["", paint("bold", "to be added to the configuration, whose list is computed")]),
    ...lines.map((line) => `  ${paint("cyan", line)}`),
  ].join("\n")

const renderFile = ({ path, before, after }: ProjectFile, paint: Paint): readonly string[] => {
  const [old, now] = [textOf(before ?? new Uint8Array()), textOf(after)]
  const head = [paint("bold", `--- ${before === undefined ? "/dev/null" : path}`), paint("bold", `+++ ${path}`)]
  if (old === undefined || now === undefined) return [...head, `  ${after.length} bytes that are no text`]
  return [...head, ...renderDiff(old, now, "", paint)]
}

const textOf = (bytes: Uint8Array): string | undefined => {
  const text = Buffer.from(bytes).toString()
  return Buffer.compare(Buffer.from(text), bytes) === 0 ? text : undefined
}

/** What no description takes, and what to do about it. */
export const renderRefused = (fleet: string, refused: Adoption["refused"], paint: Paint): string => {
  if (refused.length === 0) return ""
  return [
    "",
    paint("bold", "not adopted"),
    ...refused.map(({ what, why }) => `  ${paint("yellow", "!")} ${printable(what)}: ${why}`),
    `  a rule in the specification's drift.ignore says that it is no drift; fireclay drift ${fleet} --fix takes it back`,
  ].join("\n")
}
