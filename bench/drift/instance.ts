import { judge } from "../../src/core/drift/judge.ts"
import { survey } from "../../src/core/drift/survey.ts"
import { openSite } from "../rollout/site.ts"
import { alternate } from "../support/measure.ts"
import { noData, peers } from "./looks.ts"

/** A local instance, over a connection that is open. */
export const lookAtInstance = async (rounds: number) => {
  await using site = await openSite({ engine: "local" })
  // Awaited here: the site goes when this returns.
  return await site.withBench(async (bench, app) => {
    const engine = bench.engine(app)
    const [instance] = (await engine.list()).filter(({ running }) => running)
    if (instance === undefined) throw new Error("no instance runs")
    const machine = engine.machine(instance.name)
    return alternate(
      {
        fireclay: async () => {
          const surveyed = await survey({ machine, data: noData, instance: true })
          if (surveyed === undefined) throw new Error("the instance has no baseline")
          const { findings } = judge(surveyed, noData, { instance: true })
          if (findings.length > 0) throw new Error(`found: ${JSON.stringify(findings.slice(0, 5))}`)
        },
        find: () => machine.sh(peers.find),
      },
      rounds,
    )
  })
}
