import { type EngineItem, FireclayError } from "../../contract/index.ts"
import { destroyEngines, destroyFleet, listForDestroy } from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import { confirmByName } from "../confirm.ts"

export interface DestroyOptions {
  readonly yes?: boolean
  /** Remove the data too. */
  readonly deleteVolumes?: boolean
}

/** Removes what Fireclay made: everything, or the named fleets only. Servers that existed before stay as they are. */
export const destroy: Command<DestroyOptions> = (context, options, ...names) =>
  withProject(context, names, async ({ bench, config, fleets, output }) => {
    const whole = names.length === 0
    const items = await listForDestroy(bench, fleets)
    for (const fleet of fleets)
      output.print(
        `${output.paint("red", "-")} fleet ${fleet.name}${fleet.on.kind === "ssh" ? "  (its servers stay as they are)" : ""}`,
      )
    if (whole) for (const line of summarise(items)) output.print(`  ${output.paint("red", "-")} ${line}`)
    if (!(await confirmByName(output, "Destroy this?", config.project.name, options.yes === true)))
      throw new FireclayError("FC_CANCELLED", "nothing was done")
    for (const fleet of fleets) await destroyFleet(bench, fleet)
    if (whole) await destroyEngines(bench, fleets, { volumes: options.deleteVolumes === true })
    output.print(`${output.paint("green", "✓")} removed`)
    output.answer({ destroyed: fleets.map(({ name }) => name), removed: whole ? items : [] })
    return 0
  })

/** Few of a kind are named, many are counted: `--json` has them all. */
const summarise = (items: readonly EngineItem[]): readonly string[] =>
  [...Map.groupBy(items, ({ kind }) => kind)].flatMap(([kind, all]) =>
    all.length > 3 ? [`${all.length} ${plurals[kind]}`] : all.map(({ name }) => `${kind} ${name}`),
  )

const plurals = {
  process: "processes",
  mount: "mounts",
  link: "links",
  namespace: "namespaces",
  rule: "rules",
  directory: "directories",
} as const
