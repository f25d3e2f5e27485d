import { existsSync, statSync } from "node:fs"
import { basename, resolve } from "node:path"
import { z } from "zod"
import { FireclayError, isFireclayError } from "../contract/index.ts"
import {
  type ComparisonWant,
  chooseSize,
  chooseSpec,
  chooseWays,
  findRelease,
  hasExclusiveVolume,
  parts,
  type Version,
} from "../lab/index.ts"
import { check } from "../schema/check.ts"
import { duration } from "../schema/fields.ts"
import { type Context, workingDirectory } from "./command.ts"
import { type LoadedConfig, loadConfig } from "./config.ts"
import { ownCommand } from "./own-files.ts"

export interface CompareOptions {
  readonly from?: string
  readonly to?: string
  readonly size?: string
  readonly rate?: string
  readonly runs?: string
  readonly sizes?: string
  readonly engine?: string
  /** Ways to compare, instead of those that the project has. */
  readonly way?: readonly string[]
  readonly path?: string
  readonly pattern?: string
  readonly slow?: string
  readonly steady?: string
  /** Parts to measure, instead of all. */
  readonly only?: readonly string[]
  readonly package?: string
  readonly out?: string
  readonly plan?: boolean
  /** Two fleets that are there, instead of all that. */
  readonly fleets?: string
}

/**
 * What is to be compared, from the words of the command line.
 *
 * @throws FireclayError FC_USAGE, FC_CONFIG_…, FC_RELEASE_UNKNOWN
 */
export const readWant = async (
  context: Context,
  options: CompareOptions,
  name: string | undefined,
): Promise<ComparisonWant> => {
  const { runs, rate, sizes, slow, steady, only, path, pattern, size: asked } = readOptions(options)
  const { from, to } = await findVersions(context, options)
  const { project } = to.config
  const spec = chooseSpec(project, name)
  chooseSpec(from.config.project, spec.name)
  const exclusive = hasExclusiveVolume(spec)
  return {
    cli: ownCommand(),
    ...{ project: project.name, spec: spec.name },
    ...{ from: await released(from, spec.name), to: await released(to, spec.name) },
    ways: chooseWays(project, spec, { ...optional({ engine: options.engine, named: options.way }) }),
    ...{ size: chooseSize(spec, asked), ratePerSecond: rate, slowMs: slow, runs, only, steadyMs: steady },
    path: path ?? spec.health?.path ?? "/",
    ...optional({ pattern }),
    sizes: exclusive || !only.includes("scale") ? [] : sizes,
    hasExclusiveVolume: exclusive,
    package: options.package ?? "hello",
  }
}

/** @throws FireclayError FC_USAGE, at the option */
const readOptions = (options: CompareOptions): z.infer<typeof numbers> => {
  try {
    return check(numbers, options, "compare")
  } catch (error) {
    if (!isFireclayError(error)) throw error
    const at = error.at?.replace(/^compare\.(\w+).*$/, "--$1")
    throw new FireclayError("FC_USAGE", error.message, {
      ...(at === undefined ? {} : { at }),
      remedy: "fireclay help compare",
    })
  }
}

const count = (most: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}$/, "not a whole number above 0")
    .transform(Number)
    .refine((number) => number <= most, `at most ${most}`)

const numbers = z.object({
  runs: count(50).default(5),
  rate: count(5_000).default(300),
  size: count(50).optional(),
  slow: z.string().default("500ms").pipe(duration),
  path: z
    .string()
    .regex(/^\/\S*$/, "not a path: it begins with /")
    .optional(),
  pattern: z
    .string()
    .refine((text) => isExpression(text), "not a regular expression with a group, such as 'version (\\d+)'")
    .optional(),
  steady: z.string().default("3s").pipe(duration),
  only: z.array(z.enum(parts)).default([...parts]),
  sizes: z
    .string()
    .regex(/^[1-9]\d?(,[1-9]\d?)*$/, "numbers of machines with commas between them, such as 1,2,4")
    .default("1,2,4,8")
    .transform((text) => text.split(",").map(Number)),
})

const isExpression = (text: string): boolean => {
  try {
    return (new RegExp(`${text}|`).exec("")?.length ?? 0) > 1
  } catch {
    return false
  }
}

interface FoundVersion {
  readonly version: Version
  readonly config: LoadedConfig
}

/** Directories with a configuration each, or releases of the project here. Without any it is as it is here, and one file more. */
const findVersions = async (
  context: Context,
  { from, to }: CompareOptions,
): Promise<{ readonly from: FoundVersion; readonly to: FoundVersion }> => {
  const here = async (): Promise<FoundVersion> => toVersion(undefined, await loadConfig(context.options))
  const find = async (flag: "--from" | "--to", word: string): Promise<FoundVersion> => {
    const directory = resolve(workingDirectory(context), word)
    if (existsSync(directory) && statSync(directory).isDirectory())
      return toVersion(word, await loadConfig({ directory }))
    if (/^[1-9]\d*$/.test(word)) {
      const found = await here()
      return { ...found, version: { ...found.version, label: `release ${word}` } }
    }
    throw new FireclayError("FC_USAGE", `${word} is neither a directory nor a release`, {
      at: flag,
      remedy: "a directory with a configuration, or a number that fireclay releases shows",
    })
  }
  const old = from === undefined ? await here() : await find("--from", from)
  if (to !== undefined) return { from: old, to: await find("--to", to) }
  if (from !== undefined) return { from: old, to: await here() }
  return {
    from: old,
    to: { ...old, version: { ...old.version, label: `${old.version.label} and one file more`, touched: true } },
  }
}

const toVersion = (word: string | undefined, config: LoadedConfig): FoundVersion => ({
  version: { label: word ?? basename(config.directory), directory: config.directory, config: basename(config.file) },
  config,
})

/** With what the project's store has of it, where it is a release. */
const released = async ({ version, config }: FoundVersion, spec: string): Promise<Version> => {
  const [, number] = /^release (\d+)$/.exec(version.label) ?? []
  if (number === undefined) return version
  const fleets = Object.values(config.project.fleets).filter((fleet) => fleet.spec.name === spec)
  const release = await findRelease(
    config.directory,
    fleets.map(({ name }) => name),
    Number(number),
  )
  return { ...version, release }
}

const optional = <T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>
  }
