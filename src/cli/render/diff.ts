import { structuredPatch } from "diff"
import type { Output } from "../output.ts"
import { printable } from "./printable.ts"

/** A text as a unified diff without its header, indented. */
export const renderDiff = (from: string, to: string, indent: string, paint: Output["paint"]): readonly string[] =>
  structuredPatch("", "", from, to, "", "", { context: 2 }).hunks.flatMap((hunk) => [
    paint("cyan", `${indent}@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`),
    ...hunk.lines.map((line) => paint(colorOf(line), `${indent}${printable(line)}`)),
  ])

const colorOf = (line: string): "green" | "red" | "dim" => {
  if (line.startsWith("+")) return "green"
  return line.startsWith("-") ? "red" : "dim"
}
