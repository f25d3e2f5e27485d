import { styleText } from "node:util"
import { type Redactor, redactDeep } from "../core/redact.ts"

type Style = Parameters<typeof styleText>[0]

export interface OutputOptions {
  /** What everything that is said passes through. */
  readonly redact: Redactor["redact"]
  readonly json: boolean
  readonly color: "auto" | "always" | "never"
}

/** Where a command says things: the answer on standard output, everything else on standard error. */
export interface Output {
  readonly json: boolean
  /** Animation and questions make sense. */
  readonly interactive: boolean
  /** The answer, for people; silent with `--json`. */
  readonly print: (text: string) => void
  /** The answer, as the one JSON document of this run; silent without `--json`. */
  readonly answer: (document: object) => void
  /** One of many answers of a run that goes on, as JSON on a line; silent without `--json`. */
  readonly item: (document: object) => void
  /** The answer, in a form that others have laid down: as it is, with `--json` and without. */
  readonly document: (text: string) => void
  /** What goes on, on standard error. */
  readonly note: (text: string) => void
  /** For text on standard output. */
  readonly paint: (style: Style, text: string) => string
}

export const schemaVersion = 1

export const openOutput = ({ json, color, redact }: OutputOptions): Output => ({
  json,
  interactive: !json && process.stderr.isTTY === true && process.stdin.isTTY === true && process.env.CI === undefined,
  print: (text) => {
    if (!json) process.stdout.write(`${redact(text)}\n`)
  },
  answer: (document) => {
    if (json) process.stdout.write(`${JSON.stringify(redactDeep({ schemaVersion, ...document }, redact), null, 2)}\n`)
  },
  item: (document) => {
    if (json) process.stdout.write(`${JSON.stringify(redactDeep({ schemaVersion, ...document }, redact))}\n`)
  },
  document: (text) => {
    process.stdout.write(redact(text))
  },
  note: (text) => {
    process.stderr.write(`${redact(text)}\n`)
  },
  paint: paintOn(process.stdout, color),
})

/** Colours for a stream: where it is a terminal and NO_COLOR does not forbid it, unless the user says otherwise. */
export const paintOn = (stream: NodeJS.WriteStream, color: OutputOptions["color"]): Output["paint"] => {
  const plain = process.env.NO_COLOR !== undefined && process.env.NO_COLOR !== ""
  const colored = color === "always" || (color === "auto" && !plain && stream.isTTY === true)
  return (style, text) => (colored ? styleText(style, text, { validateStream: false }) : text)
}
