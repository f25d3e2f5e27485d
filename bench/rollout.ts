// debian: systemd-container mmdebstrap haproxy iproute2 iptables openssh-client docker.io
// `npm run bench:rollout`: three instances from one version to the other, blue-green: against the start of one instance on
// its own, on Docker against a Swarm update, and back to a set that was kept. `-- --quick` makes few runs, `-- --json`
// prints the document, `-- --rounds N` sets how many, `-- --only kept` measures one part: local, docker or kept.
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { run } from "../src/system/process.ts"
import { measureDocker, measureKept, measureLocal, type Part } from "./rollout/parts.ts"
import { withRows } from "./support/page.ts"
import { report } from "./support/results.ts"

const root = join(import.meta.dirname, "..")

const method: readonly string[] = [
  "The application of the load tests (Python, one file) in three instances behind HAProxy, without load; both images are baked before.",
  "Each run is a rollout from the version that serves to the other one, of which nothing runs. The sides alternate, in reverse order every second round, each once uncounted before.",
  "One on its own: the engine's create of an instance of the same image and its first good answer to the health check, in a process that is loaded.",
  "A rollout is measured from bundling the configuration until the old set is removed, in a process that is loaded, with a workbench that knows nothing of the run before. The command is the built one, `fireclay apply --yes` or `rollback --yes`: a process of its own, with reading the configuration and planning.",
  "Side by side: as many as the rollout makes, by the engine alone: what the cores of this computer take for that.",
  "Swarm: `docker service update --image`, which ends when Swarm says that the service has converged; the same application on the same base in three replicas, HAProxy asking Swarm's DNS. While ours is measured its tasks are paused, for their health checks, five a second each, take much of two cores.",
  "Phases: medians of the times between a rollout's own progress events, so they need not add up to the median of the whole.",
]

const main = async (): Promise<void> => {
  const flag = { type: "boolean", default: false } as const
  const { quick, json, only, rounds } = parseArgs({
    options: { quick: flag, json: flag, only: { type: "string", default: "" }, rounds: { type: "string" } },
  }).values
  const times = Number(rounds ?? (quick ? 3 : 9))
  await run([process.execPath, "--conditions=fireclay-source", join(root, "scripts", "build.ts")])
  const parts: Part[] = []
  for (const [name, measure] of measures) if (name.includes(only)) parts.push(await measure(times))
  const whole = !quick && only === ""
  const document = await report(
    {
      name: whole ? "rollout" : "rollout-part",
      method: [...method, `Medians of ${times} runs; all of them in raw, in milliseconds.`],
      rows: parts.flatMap(({ rows }) => rows),
      raw: Object.fromEntries(parts.map(({ name, raw }) => [name, raw])),
    },
    { quick, json },
  )
  if (!whole) return
  const page = join(root, "docs/reference/speed.md")
  writeFileSync(page, withRows(readFileSync(page, "utf8"), "rollout", document))
}

const measures = [
  ["local", measureLocal],
  ["docker", measureDocker],
  ["kept", measureKept],
] as const

await main()
