import { readFileSync } from "node:fs"
import { CommanderError, Command as Program } from "commander"
import { FireclayError } from "../contract/index.ts"
import type { Command, Context, GlobalOptions } from "./command.ts"
import { commands, exitCodesHelp } from "./commands.ts"
import { openOutput } from "./output.ts"
import { errorDocument, exitCodeOf, renderError } from "./render/error.ts"

/** Parses, runs one command, and sets the exit code. */
export const main = async (argv: readonly string[]): Promise<void> => {
  const interrupt = new AbortController()
  listenForInterrupts(interrupt)
  const early = openOutput({ json: argv.includes("--json"), color: "auto" })
  try {
    await build(interrupt.signal).parseAsync([...argv], { from: "user" })
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return
    const told = error instanceof CommanderError ? toUsageError(error) : error
    if (early.json) early.answer(errorDocument(told))
    process.stderr.write(`${renderError(told, paintFor(process.stderr))}\n`)
    process.exitCode = exitCodeOf(told)
  }
}

const build = (signal: AbortSignal): Program => {
  const program = new Program("fireclay")
    .description("One typed description of a server, delivered in place or by replacement.")
    .option(
      "-c, --config <file>",
      "configuration; default: fireclay.config.ts here or above",
      process.env.FIRECLAY_CONFIG,
    )
    .option("-C, --directory <path>", "work as if started there")
    .option("--json", "answer with one JSON document on standard output", false)
    .option("--color <when>", "auto, always or never", "auto")
    .version(version(), "-V, --version")
    .helpCommand("help [command]", "help for a command, or for exit-codes")
    .showSuggestionAfterError()
    .configureOutput({ writeErr: () => undefined, outputError: () => undefined })
    .exitOverride()
    .addHelpText("before", "Examples:\n  fireclay init\n  fireclay plan web\n  fireclay apply web --yes\n")
    .addHelpText("after", `\n${exitCodesHelp}`)
  for (const { name, summary, words, flags, example, load } of commands) {
    const command = program.command(`${name}${words === "" ? "" : ` ${words}`}`).description(summary)
    for (const [flag, meaning] of flags) command.option(flag, meaning)
    command
      .addHelpText("before", `Example:\n  ${example}\n`)
      .exitOverride()
      .configureOutput({ writeErr: () => undefined, outputError: () => undefined })
      .action(async (...given: unknown[]) => {
        const options = given.at(-2) as object
        const words = (given.slice(0, -2) as (string | readonly string[] | undefined)[])
          .flat()
          .filter((word) => word !== undefined)
        const context = openContext(program, signal)
        const run: Command<never> = await load()
        process.exitCode = await run(context, options as never, ...words)
      })
  }
  return program
}

const openContext = (program: Program, signal: AbortSignal): Context => {
  const options = program.opts<GlobalOptions>()
  if (!["auto", "always", "never"].includes(options.color))
    throw new FireclayError("FC_USAGE", `--color does not know "${options.color}"`, {
      remedy: "use auto, always or never",
    })
  return { options, output: openOutput(options), signal }
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

const toUsageError = (error: CommanderError): FireclayError => {
  const [message = "", suggestion] = error.message.replace(/^error: /, "").split("\n")
  return new FireclayError("FC_USAGE", message, { remedy: suggestion?.replace(/^\(|\)$/g, "") ?? "fireclay help" })
}

const paintFor = (stream: NodeJS.WriteStream): ReturnType<typeof openOutput>["paint"] =>
  openOutput({ json: false, color: stream.isTTY === true ? "auto" : "never" }).paint

const version = (): string =>
  (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }).version
