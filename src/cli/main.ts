import type { Connections } from "../builtin/connections.ts"
import { openRedactor, type Redactor } from "../core/redact.ts"
import { openOutput, paintOn } from "./output.ts"
import { ownVersion } from "./own-files.ts"
import { peek } from "./peek.ts"
import { errorDocument, exitCodeOf, redactError, renderError } from "./render/error.ts"

/** Parses, runs one command, and sets the exit code. */
export const main = async (argv: readonly string[]): Promise<void> => {
  if (argv.length === 1 && /^(--version|-V)$/.test(argv[0] ?? "")) {
    process.stdout.write(`${ownVersion()}\n`)
    return
  }
  const interrupt = new AbortController()
  const { signal } = interrupt
  const redactor = openRedactor()
  listenForInterrupts(interrupt)
  const connections = beginToConnect(argv, signal, redactor)
  // What goes wrong is told by the command that needs them.
  await connections?.catch(() => undefined)
  // Loaded here: the version is asked for more often than anything else, and to connect takes longer than this.
  const { openProgram } = await import("./program.ts")
  const program = openProgram({ version: ownVersion(), signal, redactor, connections })
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
  } finally {
    await connections?.then((all) => all.close()).catch(() => undefined)
  }
}

const beginToConnect = (
  argv: readonly string[],
  signal: AbortSignal,
  redactor: Redactor,
): Promise<Connections> | undefined => {
  const peeked = peek(argv, process.env)
  return peeked && import("./early.ts").then(({ connectEarly }) => connectEarly(peeked, signal, redactor))
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
