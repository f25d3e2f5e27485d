import { writeFile } from "node:fs/promises"
import { resolve } from "node:path"
import { FireclayError } from "../../contract/index.ts"
import { readLives, redactDeep } from "../../core/index.ts"
import { closest } from "../../schema/closest.ts"
import { type Command, withProject, workingDirectory } from "../command.ts"
import { ownVersion } from "../own-files.ts"
import { renderLives } from "../render/lives.ts"

export interface CompareFleetsOptions {
  /** `pets,cattle`. */
  readonly fleets?: string
  /** Where a page of it is written. */
  readonly out?: string
}

/** `compare --fleets`: what fleets have lived through, from the log alone. Those that are gone may be named too. */
export const compareFleets: Command<CompareFleetsOptions> = async (context, options, ...words) => {
  const { fleets = "", out } = options
  refuseOthers(options, words)
  const names = readNames(fleets)
  return withProject(
    context,
    [],
    async ({ bench, config, output }) => {
      const logged = (await bench.store.events()).map(({ fleet }) => fleet).filter((fleet) => fleet !== "")
      refuseUnknown(names, [...new Set([...Object.keys(config.project.fleets), ...logged])])
      const lives = await readLives(bench.store, names, bench.now())
      output.print(renderLives(lives, output.paint))
      output.answer({ project: config.project.name, ...lives })
      if (out === undefined) return 0
      const { renderLivesPage } = await import("../render/lives-page.ts")
      const path = resolve(workingDirectory(context), out)
      const told = redactDeep(lives, context.redactor.redact) as typeof lives
      await writeFile(path, renderLivesPage(told, config.project.name, ownVersion()), { mode: 0o600 })
      output.note(`${path}: ${names.length} fleets`)
      return 0
    },
    { hosts: false },
  )
}

/** What is measured anew is asked for otherwise. */
const refuseOthers = ({ fleets: _, out: __, ...others }: CompareFleetsOptions, words: readonly string[]): void => {
  const flags = Object.keys(others)
    .filter((flag) => !ofAllCommands.has(flag))
    .map((flag) => `--${flag}`)
  const [other] = [...words, ...flags]
  if (other === undefined) return
  throw new FireclayError("FC_USAGE", `--fleets compares what was lived through: it takes no ${other}`, {
    at: "--fleets",
    remedy,
  })
}

const ofAllCommands: ReadonlySet<string> = new Set(["config", "directory", "json", "color"])

const remedy = "fireclay compare --fleets pets,cattle"

const readNames = (fleets: string): readonly string[] => {
  const names = [...new Set(fleets.split(",").map((name) => name.trim()))].filter((name) => name !== "")
  if (names.length >= 2) return names
  throw new FireclayError("FC_USAGE", `--fleets ${fleets}: there is nothing to hold it against`, {
    at: "--fleets",
    remedy: `name two fleets or more: ${remedy}`,
  })
}

const refuseUnknown = (names: readonly string[], known: readonly string[]): void => {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const guess = closest(unknown, known)
  throw new FireclayError("FC_FLEET_UNKNOWN", `neither the configuration nor the log knows a fleet "${unknown}"`, {
    at: `fleets.${unknown}`,
    remedy: guess === undefined ? `fleets: ${known.join(", ")}` : `did you mean "${guess}"?`,
  })
}
