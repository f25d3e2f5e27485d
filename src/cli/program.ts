import { CommanderError, Option, Command as Program } from "commander"
import type { Connections } from "../builtin/connections.ts"
import { FireclayError } from "../contract/index.ts"
import type { Redactor } from "../core/index.ts"
import { closest } from "../schema/closest.ts"
import type { Command, Context, GlobalOptions } from "./command.ts"
import { type CommandEntry, commands, exitCodesHelp, globalFlags } from "./commands.ts"
import { openOutput } from "./output.ts"

export interface ProgramOptions {
  readonly version: string
  /** Fires when the user wants to stop. */
  readonly signal: AbortSignal
  readonly redactor: Redactor
  /** Those that were begun before the command line was parsed, or why that failed. */
  readonly connections?: Promise<Connections> | undefined
}

/** The command line, ready to be run once. */
export interface OpenProgram {
  /**
   * Parses, and runs one command; answers the exit code.
   *
   * @throws FireclayError FC_USAGE, and whatever the command throws
   */
  readonly run: (argv: readonly string[]) => Promise<number>
  /** The options for all commands, as far as they were read; also after `run` has failed. */
  readonly globals: () => GlobalOptions
}

export const openProgram = ({ version, signal, redactor, connections: begun }: ProgramOptions): OpenProgram => {
  const program = openRoot(version)
  const globals = (): GlobalOptions => readGlobals([program, ...program.commands])
  let exitCode = 0
  const call = async ({ looks, load }: CommandEntry, options: object, words: readonly string[]): Promise<void> => {
    const connections = looks === true ? await begun : undefined
    const output = openOutput({ ...globals(), redact: redactor.redact })
    const context: Context = { options: globals(), output, signal, redactor, connections }
    const run: Command<never> = await load()
    exitCode = await run(context, options as never, ...words)
  }
  for (const entry of commands) program.addCommand(openCommand(entry, call))
  program.addCommand(openHelp(program))
  return {
    globals,
    run: async (argv) => {
      for (const { name, passesOn } of commands)
        if (passesOn === true && !argv.includes("--")) findCommand(program, name)?.passThroughOptions()
      try {
        await program.parseAsync([...argv], { from: "user" })
      } catch (error) {
        if (!(error instanceof CommanderError)) throw error
        // Without a command, Commander has printed the help on standard error.
        if (error.code === "commander.help" && !globals().json) return 64
        if (error.exitCode !== 0) throw toUsageError(error, argv)
      }
      return exitCode
    },
  }
}

const openRoot = (version: string): Program => {
  const program = setUp(new Program("fireclay"))
    .description("One typed description of a server, delivered in place or by replacement.")
    .usage("<command> [options]")
    .version(version, "-V, --version")
    .helpCommand(false)
    // So that `exec` can pass on the options of what it runs. Our own are therefore also options of each command.
    .enablePositionalOptions()
    .helpOption("-h, --help", "show this help")
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText("before", "Examples:\n  fireclay init\n  fireclay plan web\n  fireclay apply web --yes\n")
  for (const option of globalOptions())
    program.addOption(option.long === "--config" ? option.env("FIRECLAY_CONFIG") : option)
  return program
}

/** Usage errors are thrown and told like all others; only help goes out directly. */
const setUp = (program: Program): Program => program.exitOverride().configureOutput({ outputError: () => undefined })

const globalOptions = (): readonly Option[] =>
  globalFlags.map(([flag, meaning]) => {
    const option = new Option(flag, meaning)
    return option.long === "--color" ? option.choices(["auto", "always", "never"]) : option
  })

/** What stands behind a command counts more than what stands before it. */
const readGlobals = (programs: readonly Program[]): GlobalOptions => {
  const given: Partial<GlobalOptions> = Object.assign({}, ...programs.map((program) => program.opts()))
  const { config, directory, json = false, color = "auto" } = given
  return { json, color, ...(config === undefined ? {} : { config }), ...(directory === undefined ? {} : { directory }) }
}

type Call = (entry: CommandEntry, options: object, words: readonly string[]) => Promise<void>

const forAll = "Options of every command:"

const openCommand = (entry: CommandEntry, call: Call): Program => {
  const { name, summary, words, flags, example } = entry
  const command = setUp(new Program(name))
    .description(summary)
    .addHelpText("before", `Example:\n  ${example}\n`)
    .addHelpOption(new Option("-h, --help", "show this help").helpGroup(forAll))
  if (words !== "") command.arguments(words)
  for (const [flag, meaning, repeatable] of flags)
    if (repeatable === undefined) command.option(flag, meaning)
    else command.option(flag, meaning, (word: string, before: readonly string[] = []) => [...before, word])
  for (const option of globalOptions()) command.addOption(option.helpGroup(forAll))
  return command.action(async (...given: unknown[]) => {
    const said = given.slice(0, -2).flat() as readonly (string | undefined)[]
    await call(
      entry,
      given.at(-2) as object,
      said.filter((word) => word !== undefined),
    )
  })
}

const openHelp = (program: Program): Program => {
  const help = setUp(new Program("help"))
    .description("help for a command, or for exit-codes")
    .addHelpText("before", "Example:\n  fireclay help exit-codes\n")
    .arguments("[topic]")
    .helpOption(false)
    .action((topic?: string) => {
      if (topic === undefined) return program.outputHelp()
      if (topic === "exit-codes") return void process.stdout.write(`${exitCodesHelp}\n`)
      const command = findCommand(program, topic)
      if (command !== undefined) return command.outputHelp()
      const guess = closest(topic, ["exit-codes", ...commands.map(({ name }) => name)])
      throw new FireclayError("FC_USAGE", `there is no help on "${topic}"`, {
        remedy: guess === undefined ? "fireclay help" : `did you mean "${guess}"?`,
      })
    })
  for (const option of globalOptions()) help.addOption(option.hideHelp())
  return help
}

const findCommand = (program: Program, name: string): Program | undefined =>
  program.commands.find((command) => command.name() === name)

const toUsageError = (error: CommanderError, argv: readonly string[]): FireclayError => {
  if (error.code === "commander.help")
    return new FireclayError("FC_USAGE", "there is no command", { remedy: "fireclay help" })
  const [message = "", suggestion] = error.message.replace(/^error: /, "").split("\n")
  const meant = suggestion?.replace(/^\(D(.*)\)$/, "d$1")
  const called = commands.find(({ name }) => argv.includes(name))?.name
  return new FireclayError("FC_USAGE", message, {
    remedy: meant ?? (called === undefined ? "fireclay help" : `fireclay help ${called}`),
  })
}
