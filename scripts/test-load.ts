// debian: systemd-container mmdebstrap haproxy iproute2 iptables openssh-client docker.io
// `npm run test:load`: no request is lost. Every strategy, each engine, both ways, from v1 to v2 and back under a load of
// kept and fresh connections, slow answers, uploads and WebSockets; and the same by a Docker Swarm update.
//
//     npm run test:load                       all of it, at least 750,000 requests
//     npm run test:load -- --quick            a few thousand requests to each
//     npm run test:load -- --only rolling     the fields whose name has that text; "swarm" for Swarm
import { parseArgs } from "node:util"
import { readCommit, readMachine, say, writeResults } from "../bench/support/results.ts"
import { cells, nameOf } from "../test/load/cells.ts"
import { quickRates, requestsPerSecond, runCell, runSwarm, size, swarmName, wholeRates } from "../test/load/matrix.ts"
import { describeOutcome, renderOutcomes, rowsOf, wantedRequests } from "../test/load/report.ts"
import type { Outcome } from "../test/load/run.ts"

const flag = { type: "boolean", default: false } as const
const { values } = parseArgs({
  options: { quick: flag, json: flag, only: { type: "string", default: "" } },
})
const { quick, json, only } = values
const rates = quick ? quickRates : wholeRates
// A few more than its share: a load that is waited for sends until the last moment.
const requestsEach = quick ? 4_000 : Math.ceil((wantedRequests * 1.01) / cells.length)

const main = async (): Promise<void> => {
  const wanted = cells.filter((cell) => nameOf(cell).includes(only))
  const withSwarm = swarmName.toLowerCase().includes(only.toLowerCase())
  const outcomes: Outcome[] = []
  const broken: string[] = []
  for (const cell of wanted) {
    say(`${nameOf(cell)} …`)
    const outcome = await runCell(cell, rates, requestsEach).catch((error: unknown) => {
      broken.push(`${nameOf(cell)}: ${error}`)
      say(broken.at(-1) ?? "")
    })
    if (outcome === undefined) continue
    outcomes.push(outcome)
    say(`  ${describeOutcome(outcome)}`)
  }
  const swarm = withSwarm ? await runSwarm(rates, requestsEach) : undefined
  if (swarm !== undefined) say(`  ${describeOutcome(swarm.outcome)}`)
  await tell(outcomes, swarm, broken)
  if (broken.length > 0 || outcomes.some(({ failed }) => failed > 0)) process.exitCode = 1
}

const tell = async (
  outcomes: readonly Outcome[],
  swarm: Awaited<ReturnType<typeof runSwarm>> | undefined,
  broken: readonly string[],
): Promise<void> => {
  const whole = !quick && only === "" && broken.length === 0
  const all = [...outcomes, ...(swarm === undefined ? [] : [swarm.outcome])]
  const document = {
    name: whole ? "load" : "load-part",
    commit: await readCommit(),
    date: new Date().toISOString(),
    machine: readMachine(),
    method: [...method, ...(swarm === undefined ? [] : [`Swarm: ${swarm.settings}.`])].join(" "),
    rows: rowsOf(outcomes, swarm?.outcome, whole),
    raw: { rates, outcomes: all, broken },
  }
  writeResults(document.name, document)
  process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : `${renderOutcomes(all)}\n`)
}

const method: readonly string[] = [
  `Fleets of ${size}, each in a project of its own, changed by the command line: \`apply\` of v2, then \`rollback\`. The application is test/support/load-app/app.py on Debian's python3; router, instances and load share one computer.`,
  `The load is open-loop, ${requestsPerSecond(rates)} requests a second: ${rates.keptPerSecond} on kept connections, ${rates.freshPerSecond} on fresh ones, ${rates.slowPerSecond} whose answer takes ${rates.slowMs} ms, ${rates.uploadsPerSecond} uploads of ${rates.upload.bytes} bytes sent over ${rates.upload.sendMs} ms whose SHA-256 is compared; ${rates.sockets} WebSockets with ten messages a second each way.`,
  `Failed: a status beyond 399, a connection refused or cut, an answer later than ${(rates.timeoutMs ?? 10_000) / 1000} s after what it takes by nature, counted from when the request was due, another digest, a WebSocket cut without a close frame or not opened, an echo that never came. Nothing is tried again, but what a polite close of a WebSocket overtook is sent again on the next one.`,
  "Docker Swarm: the same application and load, HAProxy in the service's network over Swarm's DNS (this needs no IPVS).",
]

await main()
