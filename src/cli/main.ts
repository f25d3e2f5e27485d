import { readFileSync } from "node:fs"
import { join } from "node:path"
import { openRedactor } from "../core/redact.ts"
import { openOutput, paintOn } from "./output.ts"
import { packageDirectory } from "./own-files.ts"
import { errorDocument, exitCodeOf, redactError, renderError } from "./render/error.ts"

/** Parses, runs one command, and sets the exit code. */
export const main = async (argv: readonly string[]): Promise<void> => {
  if (argv.length === 1 && /^(--version|-V)$/.test(argv[0] ?? "")) {
    process.stdout.write(`${version()}\n`)
    return
  }
  const interrupt = new AbortController()
  const redactor = openRedactor()
  listenForInterrupts(interrupt)
  // Loaded here: the version is asked for more often than anything else.
  const { openProgram } = await import("./program.ts")
  const program = openProgram({ version: version(), signal: interrupt.signal, redactor })
  try {
    process.exitCode = await program.run(argv)
  } catch (thrown) {
    const { json, color } = program.globals()
    const { redact } = redactor
    const error = redactError(thrown, redact)
    const output = openOutput({ json, color, redact })
    output.answer(errorDocument(error))
    output.note(renderError(error, paintOn(process.stderr, color)))
    process.exitCode = exitCodeOf(error)
  }
}

/** The first Ctrl-C lets what runs come to a safe end and writes it down; the second stops at once. */
const listenForInterrupts = (interrupt: AbortController): void => {
  const stop = (): void => {
    if (interrupt.signal.aborted) process.exit(130)
    process.stderr.write("\nstopping safely; again to stop at once\n")
    interrupt.abort()
  }
  process.on("SIGINT", stop)
  process.on("SIGTERM", stop)
}

const version = (): string => {
  const text = readFileSync(join(packageDirectory(), "package.json"), "utf8")
  return (JSON.parse(text) as { readonly version: string }).version
}
