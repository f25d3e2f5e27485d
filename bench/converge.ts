// debian: docker.io mmdebstrap openssh-client iptables iproute2 ansible-core ansible-mitogen python3-venv time
// `npm run bench:converge`: 100 resources on 1, 10 and 50 servers with 0, 50 and 200 ms of latency: Fireclay, Ansible
// three ways, pyinfra, and what a person would write by hand. `-- --quick` leaves most of it out, `-- --json` prints
// the document, `-- --rounds N` and `-- --peer-rounds N` set how often, `-- --only "10 hosts"` measures some rows.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { run } from "../src/system/process.ts"
import { ansibleDefault, ansibleMitogen, ansibleTuned } from "./converge/ansible.ts"
import { type Cell, cells, goalOf, nameOf, type SideName } from "./converge/cells.ts"
import { type Bar, chart } from "./converge/chart.ts"
import { controllerMegabytes, fireclay, roundTrips } from "./converge/fireclay.ts"
import { floor } from "./converge/floor.ts"
import { type BenchHosts, startHosts } from "./converge/hosts.ts"
import { withSpeeds } from "./converge/page.ts"
import { pyinfra } from "./converge/pyinfra.ts"
import type { Side, Site } from "./converge/side.ts"
import { changeOneFile, workOf, writeSources } from "./converge/work.ts"
import { type Figures, figures } from "./support/measure.ts"
import { compare, describe, type Row, report, resultsDirectory, say } from "./support/results.ts"

const root = join(import.meta.dirname, "..")

interface Options {
  readonly quick: boolean
  readonly json: boolean
  /** Of ours and of the floor. */
  readonly rounds: number
  /** Of the peers. */
  readonly peerRounds: number
  readonly only: string | undefined
}

type Measured = Readonly<Partial<Record<SideName, Figures>>>

const main = async (options: Options): Promise<void> => {
  await run([process.execPath, "--conditions=fireclay-source", join(root, "scripts", "build.ts")])
  const wanted = cells(options.quick).filter((cell) => nameOf(cell).includes(options.only ?? ""))
  const sides = await openSides()
  const count = Math.max(...wanted.map(({ hosts }) => hosts))
  say(`starting ${count} servers`)
  const hosts = await startHosts(count)
  try {
    const measured: (readonly [Cell, Measured])[] = []
    for (const cell of wanted) {
      const result = await measure(cell, sides, hosts, options)
      for (const [name, of] of Object.entries(result)) say(describe(`${nameOf(cell)}: ${name}`, of))
      measured.push([cell, result])
    }
    await tell(measured, await extras(hosts, count), sides, options)
  } finally {
    await hosts.dispose()
  }
}

const openSides = async (): Promise<ReadonlyMap<SideName, Side>> => {
  const python = await pyinfra()
  if (python === undefined) say("pyinfra cannot be had here: its rows are left out")
  const known: readonly (readonly [SideName, Side | undefined])[] = [
    ["fireclay", fireclay],
    ["floor", floor],
    ["mitogen", ansibleMitogen()],
    ["pyinfra", python],
    ["tuned", ansibleTuned()],
    ["ansible", ansibleDefault()],
  ]
  return new Map(known.flatMap(([name, side]) => (side === undefined ? [] : [[name, side] as const])))
}

/** All sides of a cell in turn, and the other way round in every second round. Each has a directory of its own. */
const measure = async (
  cell: Cell,
  sides: ReadonlyMap<SideName, Side>,
  hosts: BenchHosts,
  options: Options,
): Promise<Measured> => {
  const present = cell.sides.flatMap((name) => {
    const side = sides.get(name)
    return side === undefined ? [] : [{ name, side }]
  })
  const entries: Entry[] = []
  for (const { name, side } of present)
    entries.push({ name, side, site: await openSite(cell, hosts, side), runs: [], rounds: roundsOf(name, options) })
  try {
    await begin(cell, hosts, entries)
    for (const entry of entries.filter(({ name }) => needsWarming(name))) await runOnce(entry, cell, hosts, "before")
    const most = Math.max(...entries.map(({ rounds }) => rounds))
    for (let round = 0; round < most; round += 1)
      for (const entry of round % 2 === 0 ? entries : entries.toReversed())
        if (round < entry.rounds) entry.runs.push(await runOnce(entry, cell, hosts, `${round}`))
    return Object.fromEntries(entries.map(({ name, runs }) => [name, figures(runs)]))
  } finally {
    for (const { site } of entries) rmSync(site.directory, { recursive: true, force: true })
  }
}

interface Entry {
  readonly name: SideName
  readonly side: Side
  readonly site: Site
  readonly runs: number[]
  readonly rounds: number
}

/** Peers, of which a run takes up to minutes, are warm when they have run once at all. */
const warm = new Set<SideName>()
const needsWarming = (name: SideName): boolean => {
  if (isQuick(name)) return true
  const before = warm.has(name)
  warm.add(name)
  return !before
}

const isQuick = (name: SideName): boolean => name === "fireclay" || name === "floor"

const roundsOf = (name: SideName, { rounds, peerRounds }: Options): number => (isQuick(name) ? rounds : peerRounds)

const openSite = async (cell: Cell, hosts: BenchHosts, side: Side): Promise<Site> => {
  const site: Site = {
    directory: mkdtempSync(join(tmpdir(), "fireclay-bench-converge-")),
    hosts: hosts.names.slice(0, cell.hosts),
    sshConfig: await hosts.sshConfig(cell.latencyMs),
    work: workOf(cell.resources),
  }
  writeSources(site.directory, site.work)
  await side.prepare(site)
  return site
}

/** Brought about once, by ours: the peers then find everything as they would have made it. */
const begin = async (cell: Cell, hosts: BenchHosts, entries: readonly Entry[]): Promise<void> => {
  await hosts.reset(cell.hosts, workOf(cell.resources))
  const ours = entries.find(({ name }) => name === "fireclay")
  if (cell.which !== "first apply") await ours?.side.run(ours.site, "first apply")
}

/** Milliseconds. */
const runOnce = async ({ side, site }: Entry, cell: Cell, hosts: BenchHosts, turn: string): Promise<number> => {
  if (cell.which === "first apply") await hosts.reset(cell.hosts, site.work)
  if (cell.which === "one changed file") changeOneFile(site.directory, turn)
  await side.forget?.(site)
  const began = performance.now()
  await side.run(site, cell.which)
  const took = performance.now() - began
  await side.forget?.(site)
  return took
}

/** What is no race: memory of the controller, and round trips. */
const extras = async (hosts: BenchHosts, count: number) => {
  const cell: Cell = { which: "no change", hosts: count, latencyMs: 0, resources: 100, sides: ["fireclay"] }
  await hosts.reset(count, workOf(100))
  const site = await openSite(cell, hosts, fireclay)
  try {
    await fireclay.run(site, "first apply")
    return { hosts: count, megabytes: await controllerMegabytes(site), roundTrips: await roundTrips(site) }
  } finally {
    rmSync(site.directory, { recursive: true, force: true })
  }
}

const tell = async (
  measured: readonly (readonly [Cell, Measured])[],
  extra: Awaited<ReturnType<typeof extras>>,
  sides: ReadonlyMap<SideName, Side>,
  options: Options,
): Promise<void> => {
  const rows = [
    ...measured.flatMap(([cell, result]) => rowsOf(cell, result, sides)),
    ...growth(measured),
    ...limits(extra),
  ]
  const file = options.quick || options.only !== undefined ? "converge-part" : "converge"
  writeFileSync(
    join(resultsDirectory, `${file}.svg`),
    chart("Converging 100 resources over SSH", barsOf(measured, sides)),
  )
  const bench = { name: file, method: [...method, spread(options)], rows, raw: { cells: measured, extra } }
  const document = await report(bench, options)
  if (file !== "converge") return
  const page = join(root, "docs/reference/speed.md")
  writeFileSync(page, withSpeeds(readFileSync(page, "utf8"), document))
}

const rowsOf = (cell: Cell, result: Measured, sides: ReadonlyMap<SideName, Side>): readonly Row[] => {
  const { fireclay: ours, ...peers } = result
  if (ours === undefined) return []
  return (Object.entries(peers) as [SideName, Figures][]).map(([name, peer]) => {
    const goal = goalOf(cell, name)
    const what = { case: nameOf(cell), peerName: sides.get(name)?.name ?? name, unit: "ms" }
    return compare(goal === null ? what : { ...what, goal }, ours, peer)
  })
}

/** Ten times the resources against our own time for 100. */
const growth = (measured: readonly (readonly [Cell, Measured])[]): readonly Row[] => {
  const find = (resources: number): Figures | undefined =>
    measured.find(
      ([cell]) =>
        cell.which === "no change" && cell.hosts === 1 && cell.latencyMs === 0 && cell.resources === resources,
    )?.[1].fireclay
  const [small, large] = [find(100), find(1000)]
  if (small === undefined || large === undefined) return []
  const what = {
    case: "no change, 1 host, 1000 against 100 resources",
    peerName: "Fireclay, 100 resources",
    unit: "ms",
  }
  return [compare({ ...what, goal: 3 }, large, small)]
}

const limits = ({ hosts, megabytes, roundTrips: trips }: Awaited<ReturnType<typeof extras>>): readonly Row[] => [
  limit(`memory of the controller, ${hosts} hosts`, megabytes, 200, "MB"),
  limit("round trips of a plan on an open connection", trips, 4, "round trips"),
]

const limit = (name: string, value: number, goal: number, unit: string): Row => ({
  case: name,
  ours: Number(value.toFixed(1)),
  peer: goal,
  peerName: "the limit",
  unit,
  ratio: Number((value / goal).toFixed(2)),
  goal: 1,
  met: value <= goal,
})

/** What stands at no latency, in seconds: the rest is in the table. */
const barsOf = (measured: readonly (readonly [Cell, Measured])[], sides: ReadonlyMap<SideName, Side>): readonly Bar[] =>
  measured
    .filter(([{ latencyMs, resources }]) => latencyMs === 0 && resources === 100)
    .flatMap(([cell, result]) =>
      (Object.entries(result) as [SideName, Figures][]).map(([name, { median, lowest, highest }]) => ({
        group: nameOf(cell),
        name: sides.get(name)?.name ?? name,
        seconds: median / 1000,
        lowest: lowest / 1000,
        highest: highest / 1000,
      })),
    )

const method: readonly string[] = [
  "Servers: containers on the same machine with systemd and sshd of Debian 12, reached over OpenSSH with its default algorithms.",
  "Work: 60 files and 10 templates of about 2 KB, 10 directories, 5 users, 5 lines in files, 5 links, 5 commands.",
  "Every run is a whole process that begins without a connection; ours and the floor run once uncounted before each row, the peers once before their first; what a case begins with is brought about before it.",
  "Fireclay: built, `apply --yes` or `plan`, all hosts at once, one ssh each. Floor: the script in bench/converge/floor.ts, one ssh a host, all at once; it sends what it knows to be missing, journals nothing, and compares nothing with what is wanted.",
  "Ansible 2.14 of Debian: default (5 forks, facts, no pipelining); tuned (forks = hosts, pipelining, ControlPersist, no facts); Mitogen 0.3.3 of Debian on top of tuned. One task a kind with a loop. pyinfra: all hosts at once, one operation a resource.",
  "Latency: a relay hands each piece of a connection on half of it later in each direction, and begins a connection one round trip later: this kernel has no netem.",
  "Memory: peak resident set of the controller's process, its ssh clients apart.",
]

const spread = ({ rounds, peerRounds }: Options): string =>
  `Sides alternate, in reverse order every second round; medians of ${rounds} runs of ours and the floor, ${peerRounds} of the peers; all runs in raw, in milliseconds.`

const readOptions = (): Options => {
  const flag = { type: "boolean", default: false } as const
  const word = { type: "string" } as const
  const { values } = parseArgs({
    options: { quick: flag, json: flag, only: word, rounds: word, "peer-rounds": word },
  })
  const { quick, json, only } = values
  return {
    quick,
    json,
    only,
    rounds: Number(values.rounds ?? (quick ? 5 : 7)),
    peerRounds: Number(values["peer-rounds"] ?? (quick ? 1 : 5)),
  }
}

await main(readOptions())
