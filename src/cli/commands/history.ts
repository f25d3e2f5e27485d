import { FireclayError } from "../../contract/index.ts"
import { type Happening, namesIn, readHistory } from "../../core/index.ts"
import { type Command, type Opened, withProject } from "../command.ts"
import { printable } from "../render/printable.ts"
import { table } from "../render/table.ts"

/** What happened to fleets or machines, oldest first. Those that are gone may be named too: the log has not forgotten. */
export const history: Command<object> = (context, _options, ...names) => {
  const show = async ({ bench, output, config }: Opened): Promise<number> => {
    const known = [...Object.keys(config.project.fleets), ...namesIn(await bench.store.events())]
    refuseUnknown(names, known)
    const happenings = await readHistory(bench.store, names)
    output.print(happenings.length === 0 ? "nothing happened yet" : table(heads, happenings.map(row)))
    output.answer({ history: happenings })
    return 0
  }
  return withProject(context, [], show, { hosts: false })
}

const heads = ["when (UTC)", "who", "fleet", "what"]

const row = ({ at, who, fleet, what }: Happening): readonly string[] => [
  at.slice(0, 19).replace("T", " "),
  who,
  fleet === "" ? "–" : fleet,
  printable(what).replaceAll("\n", " "),
]

const refuseUnknown = (names: readonly string[], known: readonly string[]): void => {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new FireclayError("FC_FLEET_UNKNOWN", `the log knows no fleet and no machine "${unknown}"`, {
      remedy: known.length === 0 ? "fireclay apply" : `it knows: ${[...new Set(known)].slice(0, 20).join(", ")}`,
    })
}
