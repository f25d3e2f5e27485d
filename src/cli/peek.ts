import { type ParseArgsConfig, parseArgs } from "node:util"
import type { GlobalOptions } from "./command.ts"
import { commands, globalFlags } from "./commands.ts"
import type { LimitOptions } from "./planning.ts"

/** What is known of a command before it is parsed: enough to begin to connect to the servers that it looks at. */
export interface Peeked {
  readonly options: Pick<GlobalOptions, "config" | "directory"> & Pick<LimitOptions, "on">
  /** Names of fleets, most of the time. */
  readonly words: readonly string[]
}

/**
 * Reads a command line that begins with a look at machines, well before the program that parses all of them is loaded.
 * Answers nothing for any other, and for one with a mistake, which the parser will tell.
 */
export const peek = (argv: readonly string[], environment: NodeJS.ProcessEnv): Peeked | undefined => {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true })
    const [name, ...words] = positionals
    if (!looks.some((command) => command.name === name)) return undefined
    const { config = environment.FIRECLAY_CONFIG, directory, on } = values as Peeked["options"]
    const place = { ...(config === undefined ? {} : { config }), ...(directory === undefined ? {} : { directory }) }
    return { options: { ...place, ...(on === undefined ? {} : { on }) }, words }
  } catch {
    return undefined
  }
}

type Options = NonNullable<ParseArgsConfig["options"]>
type Flag = readonly [flag: string, meaning: string, repeatable?: "repeatable"]

/** `-C, --directory <path>` as Node's parser wants it. */
const optionOf = ([flag, , repeatable]: Flag): Options => {
  const [, short, name = "", value] = /^(?:-(\w), )?--([\w-]+)( <.+>)?$/.exec(flag) ?? []
  const type = value === undefined ? "boolean" : "string"
  return { [name]: { type, multiple: repeatable !== undefined, ...(short === undefined ? {} : { short }) } }
}

const looks = commands.filter((command) => command.looks === true)
const flags: readonly Flag[] = [...globalFlags, ...looks.flatMap((command) => command.flags)]
const options: Options = Object.assign({}, ...flags.map(optionOf))
