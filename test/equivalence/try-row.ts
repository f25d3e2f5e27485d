import { mkdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import { type CliResult, makeProject, type TestProject } from "../support/project.ts"
import { type Recipe, recipeImports } from "../support/recipes.ts"

/** What came out of one row. */
export interface RowOutcome {
  readonly compared: number
  readonly unexplained: readonly string[]
  /** Differences that have a reason, by what the reason is. */
  readonly explained: { readonly [kind: string]: number }
  readonly seconds: number
}

interface Difference {
  readonly what: string
  readonly property: string
  readonly kind: string
  readonly one: string | null
  readonly other: string | null
}

/**
 * Brings a machine to a row's description as a user would, from what it was before if the row says so, and compares it
 * with the image of the release that it is at then.
 */
export const tryRow = async (row: Recipe): Promise<RowOutcome> => {
  const began = performance.now()
  const project = await makeProject(`equal-${row.name}`)
  try {
    await writeFiles(project, row)
    if (row.before !== undefined) await applyRelease(project, configOf(row, `[${row.before}]`, row.beforeMore))
    await applyRelease(project, configOf(row, row.resourcesOf ?? `[${row.resources ?? ""}]`, row.more))
    if (row.rollback === true) await must(project, "rollback", fleetName, "--yes")
    const { json, stderr } = await project.fireclay("verify", fleetName)
    if (json?.differences === undefined) throw new Error(`verify: ${JSON.stringify(json?.error)} ${stderr}`)
    return { ...summarise(json), seconds: Math.round((performance.now() - began) / 1000) }
  } finally {
    await project.fireclay("destroy", "--yes", ...volumeWords(row))
    // With no volume of that name, nothing was removed.
    await project.fireclay("destroy", "--yes")
    await project.dispose()
  }
}

const fleetName = "row"

const configOf = (row: Recipe, resources: string, more = ""): string => `${recipeImports}
${row.prelude ?? ""}
const row = spec("row", { resources: ${resources}, ${more} })
export default defineProject({
  name: "equal-${row.name}",
  fleets: {
    ${fleetName}: fleet(row, {
      on: local({ machines: 1 }), by: inPlace({ strategy: allAtOnce(), irreversible: "allow" }) }),
  },
})
`

const writeFiles = async (project: TestProject, { files = {} }: Recipe): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(project.directory, path)), { recursive: true })
    await project.write(path, text)
  }
}

/** Twice: the second one purges what a package of the first brought, which a plan cannot see before. */
const applyRelease = async (project: TestProject, config: string): Promise<void> => {
  await project.write("fireclay.config.ts", config)
  for (let round = 1; round <= 2; round += 1) await must(project, "apply", "--yes")
}

const must = async (project: TestProject, ...words: readonly string[]): Promise<CliResult> => {
  const result = await project.fireclay(...words)
  if (result.exitCode === 0) return result
  throw new Error(`fireclay ${words.join(" ")} ended with ${result.exitCode}: ${result.stdout} ${result.stderr}`)
}

const volumeWords = ({ volumes = [] }: Recipe): readonly string[] =>
  volumes.flatMap((name) => ["--delete-volumes", `${fleetName}/${name}`])

const summarise = (json: { readonly compared: number; readonly differences: readonly Difference[] }) => ({
  compared: json.compared,
  unexplained: json.differences
    .filter(({ kind }) => kind === "unexplained")
    .map(({ what, property, one, other }) => `${what} ${property}: ${one}, ${other}`),
  explained: Object.fromEntries(
    [...Map.groupBy(json.differences, ({ kind }) => kind)]
      .filter(([kind]) => kind !== "unexplained")
      .map(([kind, all]) => [kind, all.length]),
  ),
})
