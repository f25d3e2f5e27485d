import { statusOf } from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import { renderStatus } from "../render/status.ts"

/** What runs where, whether it is well, what takes requests, and what a rollout waits for. */
export const status: Command<object> = (context, _options, ...names) =>
  withProject(context, names, async ({ bench, fleets, output }) => {
    const all = await Promise.all(fleets.map((fleet) => statusOf(bench, fleet)))
    output.print(all.map((fleet) => renderStatus(fleet, output.paint, bench.now())).join("\n\n"))
    output.answer({ fleets: all })
    return 0
  })
