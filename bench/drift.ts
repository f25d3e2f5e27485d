// debian: docker.io mmdebstrap openssh-client iptables iproute2 systemd-container haproxy
// `npm run bench:drift`: what it costs to find out that nobody changed anything, against `find`, AIDE and the fastest hash.
// `-- --quick` makes fewer runs, `-- --json` prints the document.
import { readFileSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { run } from "../src/system/process.ts"
import { lookAtInstance } from "./drift/instance.ts"
import { hashes, lookAtAll, ownLook, peers } from "./drift/looks.ts"
import { openServers, type Server } from "./drift/servers.ts"
import { alternate, type Figures, figures } from "./support/measure.ts"
import { withRows } from "./support/page.ts"
import { type BenchOptions, compare, describe, type Row, readOptions, report, say } from "./support/results.ts"

const many = 20
const cores = availableParallelism()

const main = async (options: BenchOptions): Promise<void> => {
  const rounds = options.quick ? 5 : 15
  await run([process.execPath, "--conditions=fireclay-source", join(import.meta.dirname, "..", "scripts", "build.ts")])
  // First, for twenty servers that idle are not nothing.
  const instance = tell("an instance", await lookAtInstance(rounds))
  say(`starting ${many} servers`)
  const { servers, dispose } = await openServers(many)
  try {
    const [server] = servers
    if (server === undefined) throw new Error("no server was started")
    const scan = tell("metadata", await alternate(scanSides(server), rounds))
    const full = tell("every file read", await alternate(fullSides(server), rounds))
    const fleet = tell(`${many} servers`, await alternate(fleetSides(servers), options.quick ? 3 : 9))
    const measured = { scan, full, fleet, instance }
    const document = await report(
      { name: "drift", method: methodOf(server.files), rows: rowsOf(measured), raw: measured },
      options,
    )
    const page = join(import.meta.dirname, "..", "docs/reference/speed.md")
    writeFileSync(page, withRows(readFileSync(page, "utf8"), "drift", document))
  } finally {
    await dispose()
  }
}

const scanSides = (server: Server) => ({
  fireclay: () => ownLook(server),
  find: () => server.sh(peers.find),
  aide: () => server.sh(peers.aide),
})

const fullSides = (server: Server): Readonly<Record<string, () => Promise<unknown>>> => ({
  fireclay: () => ownLook(server, { full: true }),
  ...Object.fromEntries(Object.entries(hashes).map(([name, script]) => [name, () => server.sh(script)])),
})

const fleetSides = (servers: readonly Server[]) => ({
  all: () => lookAtAll(servers),
  one: () => lookAtAll(servers.slice(0, 1)),
})

type Sides = Readonly<Record<string, Figures>>

const tell = <Measured extends Sides>(what: string, measured: Measured): Measured => {
  for (const [name, figures] of Object.entries(measured)) say(describe(`${what}, ${name}`, figures))
  return measured
}

interface Measured {
  readonly scan: Readonly<Record<"fireclay" | "find" | "aide", Figures>>
  readonly full: Sides
  readonly fleet: Readonly<Record<"all" | "one", Figures>>
  readonly instance: Readonly<Record<"fireclay" | "find", Figures>>
}

const rowsOf = ({ scan, full, fleet, instance }: Measured): readonly Row[] => {
  const { fireclay: read, ...others } = full as Sides & { readonly fireclay: Figures }
  const [fastest, floor] = Object.entries(others).toSorted(([, a], [, b]) => a.median - b.median)[0] as [
    string,
    Figures,
  ]
  const shared = figures(fleet.one.runs.map((ms) => (ms * many) / cores))
  const row = { unit: "ms" } as const
  return [
    compare({ ...row, case: "metadata of one server", peerName: "find -printf", goal: 1.5 }, scan.fireclay, scan.find),
    compare({ ...row, case: "metadata of one server", peerName: "aide --check", goal: 0.1 }, scan.fireclay, scan.aide),
    compare({ ...row, case: "every file read", peerName: `${fastest}, ${cores} at a time`, goal: 1.2 }, read, floor),
    compare({ ...row, case: "an instance", peerName: "0.1 s", goal: 1 }, instance.fireclay, figures([100])),
    compare({ ...row, case: "an instance", peerName: "find -printf of all it has" }, instance.fireclay, instance.find),
    compare(
      { ...row, case: `${many} servers at once`, peerName: `${many} times one, on ${cores} cores`, goal: 2 },
      fleet.all,
      shared,
    ),
  ]
}

const methodOf = (files: number): readonly string[] => [
  `${many} servers: containers on the same computer, with systemd and sshd of Debian 12 and AIDE with Debian's own settings, ${files} paths on each; each reached over one open OpenSSH connection, which all sides use.`,
  "Nothing was changed on them since the baseline was taken, and everything is in the page cache.",
  "Ours: one look, as `fireclay drift` takes it, of files, packages, accounts, ports, units, processes, kernel settings and firewall, read and judged in this process; asserted to find nothing.",
  "find: the same tree and the same fields, thrown away on the server. AIDE: `aide --check`, one process, which reads all files that its settings name. Hashes: `find -type f | xargs -P CORES PROGRAM`, thrown away; the fastest of b2sum, sha256sum, sha512sum and sha1sum counts, though sha1 is not strong.",
  "Instance: local, one program without systemd, read-only; only what can be written to is looked at.",
  `${many} at once: twelve looks at a time, as the command does it; against the time of one multiplied by ${many} and divided by ${cores} cores, for all of them share this computer.`,
  "The sides alternate, in reverse order every second round, after one uncounted run each; medians, all runs in raw (milliseconds).",
]

await main(readOptions())
