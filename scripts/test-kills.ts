// debian: systemd-container mmdebstrap haproxy iproute2 iptables openssh-client docker.io
// `npm run test:kills`: in the midst of a rollout somebody is killed, and the next run ends right. Every strategy, each
// engine, both ways; the controller at each event, and the router, instances and the Docker daemon at some.
//
//     npm run test:kills                      all of it; about an hour and a half
//     npm run test:kills -- --quick           one of each kind in each field
//     npm run test:kills -- --only docker     the fields whose name has that text
//     npm run test:kills -- --resume          goes on where it was interrupted
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { readCommit, readMachine, resultsDirectory, say, writeResults } from "../bench/support/results.ts"
import { table } from "../src/cli/render/table.ts"
import type { Outcome } from "../test/kills/kill.ts"
import { type Choose, onePerVictim, runField } from "../test/kills/matrix.ts"
import { describeOutcome, isBad, rowsOf } from "../test/kills/report.ts"
import { type Cell, cells, nameOf } from "../test/load/cells.ts"

const flag = { type: "boolean", default: false } as const
const { values } = parseArgs({
  options: { quick: flag, json: flag, resume: flag, only: { type: "string", default: "" } },
})
// Ends after the kill that is under way; what was done is kept.
const stop = new AbortController()
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort())

/** What was done so far, and how much there is to do in the fields that were begun. */
interface Progress {
  readonly planned: { readonly [field: string]: number }
  readonly outcomes: readonly Outcome[]
  readonly commits: readonly string[]
  readonly broken: readonly string[]
}

const main = async (): Promise<void> => {
  let progress = values.resume ? readProgress() : nothing
  progress = { ...progress, broken: [], commits: [...new Set([...progress.commits, await readCommit()])] }
  for (const cell of cells.filter((each) => nameOf(each).includes(values.only))) {
    if (stop.signal.aborted) break
    if (doneIn(progress, cell).length === progress.planned[nameOf(cell)]) continue
    progress = await goOn(progress, cell)
    keep(progress, "kills-part")
  }
  const whole = cells.every((cell) => doneIn(progress, cell).length === progress.planned[nameOf(cell)])
  const document = keep(progress, whole && !values.quick ? "kills" : "kills-part")
  process.stdout.write(values.json ? `${JSON.stringify(document, null, 2)}\n` : renderRows(document.rows))
  if (progress.broken.length > 0 || progress.outcomes.some(isBad)) process.exitCode = 1
}

/** A field from where it was left. */
const goOn = async (progress: Progress, cell: Cell): Promise<Progress> => {
  const done = doneIn(progress, cell)
  const told = (outcome: Outcome): void => say(describeOutcome(outcome))
  let planned = 0
  const choose: Choose = (kills, events) => {
    const chosen = values.quick ? onePerVictim(kills, events) : kills
    planned = chosen.length
    return chosen.slice(done.length)
  }
  try {
    const { outcomes } = await runField(cell, { choose, told, signal: stop.signal })
    return {
      ...progress,
      planned: { ...progress.planned, [nameOf(cell)]: planned },
      outcomes: [...progress.outcomes, ...outcomes],
    }
  } catch (error) {
    const line = `${nameOf(cell)}: ${error}`
    say(line)
    return { ...progress, broken: [...progress.broken, line] }
  }
}

const doneIn = ({ outcomes }: Progress, cell: Cell): readonly Outcome[] =>
  outcomes.filter(({ field }) => field === nameOf(cell))

const nothing: Progress = { planned: {}, outcomes: [], commits: [], broken: [] }

const readProgress = (): Progress => {
  const file = join(resultsDirectory, "kills-part.json")
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { readonly raw: Progress }).raw : nothing
}

const keep = (progress: Progress, name: string) => {
  const document = {
    name,
    commit: progress.commits.at(-1),
    date: new Date().toISOString(),
    machine: readMachine(),
    method: method.join(" "),
    rows: rowsOf(progress.outcomes),
    raw: progress,
  }
  writeResults(name, document)
  return document
}

const renderRows = (rows: ReturnType<typeof rowsOf>): string =>
  `${table(
    ["", "wrong"],
    rows.map((row) => [row.case, String(row.ours)]),
  )}\n`

const method: readonly string[] = [
  "Fleets of 2, each in a project of its own, changed by the command line. The application is test/support/load-app/app.py on Debian's python3. A rollout that nobody disturbs says of which events a rollout of the field consists; each of the following ones is disturbed by one SIGKILL, 0, 80 or 250 ms after an event was seen in the log.",
  "Controller: the process of the command line, at each event. Router: HAProxy. New instance, old instance: the first process of the local machine or of the container (in place: of the machine that is changed first, and last). Daemon: dockerd, started again 0.3 s later. These at the first move, at the one in the middle, and at the last.",
  "200 requests a second come meanwhile, on kept connections.",
  "Then `apply` runs again, and must end with 0. Wrong is: a request that failed where only the controller was killed; a run that hangs; one that fails without an error of ours, or without a word in the log; members that are not of the new release, healthy and in the router; another answer than the new version; something left to do in a plan; a log that does not fit together; more or fewer instances, containers, networks, volumes, mounts, links, addresses, scratch machines, router processes or router servers than after the undisturbed rollout.",
]

await main()
