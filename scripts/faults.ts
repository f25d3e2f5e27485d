// debian: systemd-container mmdebstrap iproute2 iptables openssh-client attr e2fsprogs
// `npm run test:faults`: the kill matrix. A run of every kind of step is disturbed between every two steps and inside
// each, in six ways, and the machine must be at the new release or at the old one afterwards, to the last byte.
//
//     npm run test:faults                     all of it, at least 500 faults; about forty minutes
//     npm run test:faults -- --quick          60 of them, spread evenly
//     npm run test:faults -- --from 100 --to 150 --seed 7
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { readCommit, readMachine, say, writeResults } from "../bench/support/results.ts"
import { chooseFaults, type Fault } from "../test/support/faults/choose.ts"
import { type Lanes, openLanes } from "../test/support/faults/lanes.ts"
import type { Outcome } from "../test/support/faults/matrix.ts"
import {
  countOutcomes,
  describeOutcome,
  type FaultsDocument,
  isBad,
  renderRows,
  withFigures,
} from "../test/support/faults/report.ts"

const flag = { type: "boolean", default: false } as const
const number = (value: string) => ({ type: "string", default: value }) as const
const { values } = parseArgs({
  options: {
    quick: flag,
    json: flag,
    seed: number("1"),
    from: number("0"),
    to: number("Infinity"),
    lanes: number("2"),
  },
})
const seed = Number(values.seed)
// Ends after the faults that are under way; the figures of what was done are kept.
const stop = new AbortController()
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort())

const main = async (): Promise<void> => {
  const began = performance.now()
  const lanes = await openLanes(Number(values.lanes))
  try {
    const faults = choose(lanes)
    say(`${lanes.steps.length} steps, ${lanes.points.length} points, ${faults.length} faults`)
    const outcomes = await injectAll(lanes, faults)
    await tell(lanes, outcomes, (performance.now() - began) / 1000)
    if (outcomes.some(isBad)) process.exitCode = 1
  } finally {
    await lanes.dispose()
  }
}

const choose = (lanes: Lanes): readonly Fault[] =>
  chooseFaults(lanes.points, seed, values.quick ? 60 : 560).slice(Number(values.from), Number(values.to))

const injectAll = (lanes: Lanes, faults: readonly Fault[]): Promise<readonly Outcome[]> => {
  let done = 0
  return lanes.inject(faults, (outcome) => say(`${++done}/${faults.length} ${describeOutcome(outcome)}`), stop.signal)
}

const tell = async (lanes: Lanes, outcomes: readonly Outcome[], seconds: number): Promise<void> => {
  const rows = countOutcomes(outcomes)
  const document = {
    name: "faults",
    commit: await readCommit(),
    date: new Date().toISOString(),
    machine: readMachine(),
    method: method.join(" "),
    seeds: [seed],
    seconds: Math.round(seconds),
    steps: lanes.steps.length,
    points: lanes.points.length,
    rows,
    raw: { steps: lanes.steps, faults: outcomes.map(brief) },
  }
  if (isWhole(outcomes)) keep(document)
  process.stdout.write(values.json ? `${JSON.stringify(document, null, 2)}\n` : `${renderRows(rows)}\n`)
}

/** Only a whole run leaves its figures in the result file and on the page about undo. */
const isWhole = (outcomes: readonly Outcome[]): boolean =>
  !values.quick && outcomes.filter(({ injected }) => injected).length >= 500

const keep = (document: FaultsDocument): void => {
  writeResults("faults", document)
  const page = join(import.meta.dirname, "../docs/reference/undo.md")
  writeFileSync(page, withFigures(readFileSync(page, "utf8"), document))
}

const brief = (outcome: Outcome) => ({
  kind: outcome.fault.kind,
  at: outcome.fault.point.number,
  journal: outcome.fault.point.journal,
  program: outcome.fault.point.program,
  delayMs: outcome.fault.delayMs,
  alone: outcome.fault.alone,
  injected: outcome.injected,
  ended: outcome.truth,
  answer:
    outcome.answer === undefined ? null : "release" in outcome.answer ? outcome.answer.release : outcome.answer.code,
  seconds: Number(outcome.seconds.toFixed(1)),
  ...(isBad(outcome) ? { differences: outcome.differences, said: outcome.answer ?? null } : {}),
})

const method: readonly string[] = [
  `${values.lanes} local machines (systemd-nspawn, Debian 12) side by side at release N-1, the writable layer of each an ext4 of its own; a controller in a process of its own converges it to release N.`,
  "Programs of the same names stand before those that a transaction calls, first in PATH, count, and wait at the chosen one; three in ten faults come a random time of up to 60 ms after it instead.",
  "For each word of the journal (inside each step, and between each two) one random point for each kind of fault.",
  "script: SIGKILL to the process group of the transaction. controller: SIGKILL to its process. connection: the programs that carry it are killed, and in half of the cases no new one is let in until the machine has come to rest. cable: the controller comes by SSH, and the machine's network interface is taken down, for 0.3 s or until the machine has come to rest.",
  "power: the file system is shut down without flushing its journal (EXT4_IOC_SHUTDOWN), every process killed, the file system mounted anew and the machine booted; in half of the cases the controller is dead too. full: every free byte is taken until the controller has given up.",
  "Then the whole tree (kind, mode, owner, group, target, content, extended attributes), packages with holds and automatic marks, unit files and running units are compared with those of an undisturbed N or N-1; what is not compared stands in docs/reference/undo.md.",
]

await main()
