import { readFleet } from "../../core/index.ts"
import { type Command, type Opened, withProject } from "../command.ts"
import { table } from "../render/table.ts"

/** The releases of each fleet, newest first. */
export const releases: Command<object> = (context, _options, ...names) =>
  withProject(context, names, show, { hosts: false })

const show = async ({ bench, fleets, output }: Opened): Promise<number> => {
  const records = await Promise.all(fleets.map((fleet) => readFleet(bench.store, fleet.name)))
  for (const { fleet, releases: all, current } of records) {
    const rows = all
      .toReversed()
      .map(({ number, digest, createdAt }) => [
        `  ${number}`,
        number === current ? output.paint("green", "in force") : "",
        createdAt.slice(0, 19).replace("T", " "),
        digest.slice(7, 19),
      ])
    output.print(
      `${output.paint("bold", fleet)}\n${rows.length === 0 ? "  none yet" : table(["  release", "", "created (UTC)", "digest"], rows)}\n`,
    )
  }
  output.answer({
    fleets: records.map(({ fleet, current, releases: all }) => ({
      fleet,
      current: current ?? null,
      releases: all.map(({ number, digest, createdAt }) => ({ number, digest, createdAt })),
    })),
  })
  return 0
}
