import type { Irreversible, PackageOutlook } from "../../core/index.ts"
import { describeStep } from "../../core/index.ts"
import type { Output } from "../output.ts"
import { bytes } from "./bytes.ts"
import { printable } from "./printable.ts"

type Paint = Output["paint"]

/** What packages will do to a machine beyond what was asked for. */
export const renderPackages = (outlook: PackageOutlook | undefined, paint: Paint): readonly string[] => {
  if (outlook === undefined) return []
  const { along, downloadBytes, spaceBytes, notes } = outlook
  const groups = [
    ["+", "green", along.filter(({ from }) => from === null).map(({ name, to }) => `${name} ${to}`)],
    [
      "~",
      "yellow",
      along
        .filter(({ from, to }) => from !== null && to !== null)
        .map(({ name, from, to }) => `${name} ${from} → ${to}`),
    ],
    ["-", "red", along.filter(({ to }) => to === null).map(({ name, from }) => `${name} ${from}`)],
  ] as const
  const sizes = [
    ...(downloadBytes > 0 ? [`${bytes(downloadBytes)} to fetch`] : []),
    ...(spaceBytes === 0 ? [] : [`${bytes(Math.abs(spaceBytes))} ${spaceBytes > 0 ? "more" : "less"} on disk`]),
  ]
  return [
    ...groups.flatMap(([sign, style, names]) =>
      names.length === 0
        ? []
        : [`      ${paint(style, sign)} ${count(names.length)} along ${paint("dim", printable(shorten(names)))}`],
    ),
    ...(sizes.length === 0 ? [] : [`        ${paint("dim", `packages: ${sizes.join(", ")}`)}`]),
    ...notes.map((note) => `      ${paint("yellow", "!")} ${printable(note)}`),
  ]
}

/** Steps that could not be taken back, each with its reason. */
export const renderIrreversible = (steps: readonly Irreversible[], paint: Paint): readonly string[] =>
  steps.map(
    ({ step, why }) => `      ${paint("red", "cannot be undone:")} ${printable(`${describeStep(step)}: ${why}`)}`,
  )

const count = (number: number): string => `${number} package${number === 1 ? "" : "s"}`

const mostShown = 8

const shorten = (names: readonly string[]): string =>
  names.length <= mostShown
    ? names.join(", ")
    : `${names.slice(0, mostShown).join(", ")} and ${names.length - mostShown} more`
