import { existsSync } from "node:fs"
import { registerHooks } from "node:module"
import { dirname, join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { FireclayError, type Fleet, isFireclayError, type Project } from "../contract/index.ts"
import { closest } from "../schema/closest.ts"
import { isProject } from "../spec/index.ts"
import { libraryEntry } from "./own-files.ts"

const names = ["fireclay.config.ts", "fireclay.config.mts", "fireclay.config.js", "fireclay.config.mjs"]

export interface LoadedConfig {
  readonly project: Project
  readonly file: string
  readonly directory: string
}

/**
 * Finds and loads the configuration, looking upwards from a directory.
 *
 * @throws FireclayError FC_CONFIG_NOT_FOUND, FC_CONFIG_LOAD, and whatever the configuration itself throws
 */
export const loadConfig = async (options: {
  readonly config?: string
  /** Where to look; default: the current one. */
  readonly directory?: string
}): Promise<LoadedConfig> => {
  const { config, directory = process.cwd() } = options
  const file = config === undefined ? find(directory) : resolve(directory, config)
  if (!existsSync(file))
    throw new FireclayError("FC_CONFIG_NOT_FOUND", `${file} is not there`, {
      remedy: "give another path to --config, or run: fireclay init",
    })
  useOwnLibrary()
  const loaded = await load(file)
  if (!isProject(loaded.default))
    throw new FireclayError("FC_CONFIG_LOAD", "the configuration does not export a project", {
      at: file,
      remedy: "end it with: export default defineProject({ … })",
    })
  const directoryOfFile = dirname(file)
  return { project: await withProcfiles(loaded.default, directoryOfFile), file, directory: directoryOfFile }
}

/**
 * The fleets of these names; all when none is named.
 *
 * @throws FireclayError FC_FLEET_UNKNOWN
 */
export const chooseFleets = ({ project }: LoadedConfig, names: readonly string[]): readonly Fleet[] => {
  const all = Object.values(project.fleets)
  if (names.length === 0) return all
  return names.map((name) => {
    const found = project.fleets[name]
    if (found !== undefined) return found
    const guess = closest(name, Object.keys(project.fleets))
    throw new FireclayError("FC_FLEET_UNKNOWN", `there is no fleet "${name}"`, {
      at: `fleets.${name}`,
      remedy: guess === undefined ? `fleets: ${Object.keys(project.fleets).join(", ")}` : `did you mean "${guess}"?`,
    })
  })
}

/** Few projects have one: what reads it is loaded then. */
const withProcfiles = async (project: Project, directory: string): Promise<Project> => {
  const fleets = Object.entries(project.fleets)
  if (!fleets.some(([, { spec }]) => spec.procfile !== undefined)) return project
  const { withProcfile } = await import("../core/procfile.ts")
  return {
    ...project,
    fleets: Object.fromEntries(
      fleets.map(([name, fleet]) => [name, { ...fleet, spec: withProcfile(fleet.spec, directory) }]),
    ),
  }
}

const find = (from: string): string => {
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    const found = names.map((name) => join(directory, name)).find((path) => existsSync(path))
    if (found !== undefined) return found
    if (directory === dirname(directory)) break
  }
  throw new FireclayError("FC_CONFIG_NOT_FOUND", `there is no fireclay.config.ts in ${resolve(from)} or above`, {
    remedy: "fireclay init",
  })
}

const load = async (file: string): Promise<{ readonly default?: unknown }> => {
  try {
    return await import(pathToFileURL(file).href)
  } catch (error) {
    if (isFireclayError(error)) throw inFile(error, file)
    const message = error instanceof Error ? error.message : String(error)
    throw new FireclayError("FC_CONFIG_LOAD", `the configuration could not be loaded: ${message}`, {
      at: file,
      remedy: "it is run as a TypeScript module by Node; see the message",
      cause: error,
    })
  }
}

/** The place in the configuration, with the line of the file where the stack knows it. */
const inFile = (error: FireclayError, file: string): FireclayError => {
  const line = new RegExp(`${file.replaceAll(/[.*+?^$()|[\]\\{}]/g, "\\$&")}:(\\d+)`).exec(error.stack ?? "")?.[1]
  const where = `${file.split("/").at(-1)}${line === undefined ? "" : `:${line}`}`
  return new FireclayError(error.code, error.message, {
    at: error.at === undefined ? where : `${error.at} (${where})`,
    details: error.details,
    cause: error,
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
  })
}

let hooked = false

/** `import "fireclay"` in a configuration means this very library, also when it is installed for all users or not at all. */
const useOwnLibrary = (): void => {
  if (hooked) return
  hooked = true
  const own: Readonly<Record<string, string>> = {
    fireclay: libraryEntry("index"),
    "fireclay/resources": libraryEntry("resources/index"),
  }
  registerHooks({
    resolve: (specifier, context, next) => {
      const url = own[specifier]
      if (url !== undefined) return { url, shortCircuit: true }
      const resolved = next(specifier, context)
      return isUsersTypeScript(resolved.url) ? { ...resolved, format: "module-typescript" } : resolved
    },
  })
}

/** It is written with `import` and `export`, also below a package.json that says "commonjs", as `npm init` writes it. */
const isUsersTypeScript = (url: string): boolean =>
  url.startsWith("file:") && url.endsWith(".ts") && !url.includes("/node_modules/")
