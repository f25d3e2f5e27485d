import { type EngineItem, FireclayError, type Fleet } from "../../contract/index.ts"
import {
  chooseVolumes,
  deleteVolumes,
  destroyEngines,
  destroyFleet,
  labelOf,
  listForDestroy,
  listVolumes,
  type VolumeStatus,
} from "../../core/index.ts"
import { type Command, type Opened, withProject } from "../command.ts"
import { confirmByName } from "../confirm.ts"
import type { Output } from "../output.ts"
import { bytes } from "../render/bytes.ts"

export interface DestroyOptions {
  readonly yes?: boolean
  /** Volumes whose data goes too, each by its name. */
  readonly deleteVolumes?: readonly string[]
}

/**
 * Removes what Fireclay made: everything, or the named fleets only. Servers that existed before stay as they are, and data
 * stays unless it is named.
 */
export const destroy: Command<DestroyOptions> = (context, options, ...names) =>
  withProject(context, names, async (opened) => {
    const { bench, config, fleets, output } = opened
    const whole = names.length === 0
    const items = await listForDestroy(bench, fleets)
    const { deleted, kept } = await sortVolumes(opened, options.deleteVolumes ?? [], whole)
    announce(output, fleets, whole ? items : [], { deleted, kept })
    if (!(await confirmByName(output, "Destroy this?", config.project.name, options.yes === true)))
      throw new FireclayError("FC_CANCELLED", "nothing was done")
    for (const fleet of fleets) await destroyFleet(bench, fleet)
    await deleteVolumes(bench, deleted)
    if (whole) await destroyEngines(bench, fleets, { volumes: false })
    output.print(`${output.paint("green", "✓")} removed`)
    output.answer({
      destroyed: fleets.map(({ name }) => name),
      removed: whole ? items : [],
      deletedVolumes: deleted.map(labelOf),
      keptVolumes: kept.map(labelOf),
    })
    return 0
  })

/** Which volumes go, and which of the fleets that go stay behind. */
const sortVolumes = async (
  { bench, fleets }: Opened,
  named: readonly string[],
  whole: boolean,
): Promise<{ readonly deleted: readonly VolumeStatus[]; readonly kept: readonly VolumeStatus[] }> => {
  const all = await listVolumes(bench)
  const going = new Set(fleets.map(({ name }) => name))
  const deleted = chooseVolumes(all, named, ({ fleet }) => whole || going.has(fleet))
  const kept = all.filter((volume) => !deleted.includes(volume) && (whole || going.has(volume.fleet)))
  return { deleted, kept }
}

const announce = (
  { print, paint }: Output,
  fleets: readonly Fleet[],
  items: readonly EngineItem[],
  volumes: { readonly deleted: readonly VolumeStatus[]; readonly kept: readonly VolumeStatus[] },
): void => {
  const minus = paint("red", "-")
  for (const fleet of fleets)
    print(`${minus} fleet ${fleet.name}${fleet.on.kind === "ssh" ? "  (its servers stay as they are)" : ""}`)
  for (const line of summarise(items)) print(`  ${minus} ${line}`)
  for (const volume of volumes.deleted) print(`${minus} volume ${describe(volume)}  ${paint("red", "with its data")}`)
  for (const volume of volumes.kept) print(`  ${paint("dim", `= volume ${describe(volume)} stays`)}`)
}

const describe = (volume: VolumeStatus): string =>
  `${labelOf(volume)}${volume.size === undefined ? "" : ` (${bytes(volume.size)})`}`

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
  container: "containers",
  network: "networks",
  volume: "volumes",
  image: "images",
} as const
