// debian: systemd-container mmdebstrap
// `npm run test:distributions`: what in place promises, on a booted machine of each distribution that can be had. Names
// of suites after `--` try only those, and leave in the result what it says of others.
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { type Row, report, resultsDirectory } from "../bench/support/results.ts"
import { run } from "../src/system/process.ts"
import { makeProject, type TestProject } from "../test/support/project.ts"
import { difference, snapshotScript } from "../test/support/snapshot.ts"

const option = { type: "boolean", default: false } as const
const { values, positionals } = parseArgs({ options: { quick: option, json: option }, allowPositionals: true })
const { quick, json } = values

const suites =
  positionals.length > 0 ? positionals : quick ? ["bookworm", "trixie"] : ["bullseye", "bookworm", "trixie"]
const ubuntus = ["jammy", "noble"]

/** What was promised, and whether it was kept. */
interface Outcome {
  readonly promise: string
  readonly kept: boolean
  readonly detail?: unknown
}

const config = (suite: string, resources: string): string => `
import { debian, defineProject, fleet, inPlace, local, rolling, spec } from "fireclay"
import { command, directory, file, group, link, pkg, service, user } from "fireclay/resources"
const app = spec("app", { base: debian("${suite}"), resources: [file("/etc/motd", { content: "here\\n" }), ${resources}] })
export default defineProject({
  name: "dist-${suite}",
  fleets: { web: fleet(app, { on: local({ machines: 1 }), by: inPlace({ strategy: rolling() }) }) },
})
`

const unit = "[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n"

/** One resource of each kind. */
const every = `
  group("crew", { system: true }),
  user("sailor", { system: true, group: "crew" }),
  directory("/srv/ship", { owner: "sailor", group: "crew", mode: 0o750 }),
  file("/srv/ship/log", { content: "one\\n", owner: "sailor", group: "crew" }),
  link("/srv/current", { target: "ship" }),
  pkg("tree"),
  file("/etc/systemd/system/bell.service", { content: "${unit}" }),
  service("bell"),
  command("flag", { check: ["/usr/bin/test", "-e", "/run/flag"], run: ["/usr/bin/touch", "/run/flag"], undo: ["/bin/rm", "/run/flag"] }),`

const failing = `command("storm", { check: ["/bin/false"], run: ["/bin/false"], undo: ["/bin/true"] }),`

const tryOut = async (suite: string): Promise<readonly Outcome[]> => {
  const project = await makeProject(`dist-${suite}`)
  const outcomes: Outcome[] = []
  const promise = (what: string, kept: boolean, detail?: unknown): void => {
    outcomes.push({ promise: what, kept, ...(kept ? {} : { detail }) })
    process.stderr.write(`${suite}: ${what}: ${kept ? "kept" : `BROKEN ${JSON.stringify(detail)}`}\n`)
  }
  try {
    await sail(project, suite, promise)
  } catch (error) {
    promise("ran to its end", false, String(error))
  } finally {
    await project.fireclay("destroy", "--yes")
    await project.dispose()
  }
  return outcomes
}

const sail = async (
  project: TestProject,
  suite: string,
  promise: (what: string, kept: boolean, detail?: unknown) => void,
): Promise<void> => {
  const apply = async (resources: string) => {
    await project.write("fireclay.config.ts", config(suite, resources))
    return project.fireclay("apply", "--yes")
  }
  const look = async (): Promise<string> =>
    (await project.fireclay("exec", "web-1", "--", "sh", "-c", snapshotScript)).json.machines[0].stdout
  const first = await apply("")
  promise("a machine boots and takes a first release", first.exitCode === 0, first.json?.error)
  if (first.exitCode !== 0) return
  const before = await look()
  const all = await apply(every)
  promise("a resource of each kind is applied", all.exitCode === 0, all.json?.error)
  const again = await project.fireclay("plan", "--detailed-exitcode")
  promise("a second apply has nothing to do", again.exitCode === 0, again.json?.fleets)
  const after = await look()
  const failed = await apply(`${every} file("/srv/ship/log2", { content: "two\\n" }), pkg("bc"), ${failing}`)
  promise("a step that fails is an error", failed.json?.error?.code === "FC_ROLLOUT_REVERTED", failed.json?.error)
  promiseSame(promise, "and leaves nothing behind", after, await look())
  const back = await project.fireclay("rollback", "web", "--to", "1", "--yes")
  promise("a rollback succeeds", back.exitCode === 0, back.json?.error)
  // Going back is another converge: the copies that account tools keep are theirs.
  const plain = (text: string): string => text.replaceAll(/^.* \.\/etc\/(passwd|group|shadow|gshadow)-$/gm, "")
  promiseSame(promise, "and is exact", plain(before), plain(await look()))
}

const promiseSame = (
  promise: (what: string, kept: boolean, detail?: unknown) => void,
  what: string,
  before: string,
  after: string,
): void => {
  const { gone, came } = difference(before, after)
  promise(what, gone.length + came.length === 0, { gone: gone.slice(0, 20), came: came.slice(0, 20) })
}

/** A base needs the keys that its archive signs with, and those come from Debian or not at all. */
const askForUbuntu = async (): Promise<string> => {
  const { stdout } = await run(["apt-cache", "policy", "ubuntu-keyring"])
  return /Candidate: (?!\(none\))/.test(stdout.toString())
    ? "the keys can be had; no base is made of them yet"
    : "no: Debian's sources here have no ubuntu-keyring, so nothing from its archive could be verified"
}

/** What an earlier run said of suites that are not tried in this one. */
const earlier = (): { readonly rows: readonly Row[]; readonly raw: Readonly<Record<string, unknown>> } => {
  const file = join(resultsDirectory, "distributions.json")
  if (positionals.length === 0 || !existsSync(file)) return { rows: [], raw: {} }
  const { rows, raw } = JSON.parse(readFileSync(file, "utf8"))
  return { rows: rows.filter((row: Row) => !suites.some((suite) => row.case === `debian ${suite}`)), raw }
}

const before = earlier()
const raw: Record<string, unknown> = { ...before.raw }
const rows: Row[] = [...before.rows]
for (const suite of suites) {
  const outcomes = await tryOut(suite)
  raw[suite] = { date: new Date().toISOString(), outcomes }
  const kept = outcomes.filter((outcome) => outcome.kept).length
  rows.push({
    case: `debian ${suite}`,
    ours: kept,
    peer: 7,
    peerName: "promises",
    unit: "kept",
    ratio: kept / 7,
    goal: 1,
    met: kept === 7,
  })
}
const ubuntu = await askForUbuntu()
for (const suite of ubuntus) process.stderr.write(`ubuntu ${suite}: ${ubuntu}\n`)
await report(
  {
    name: "distributions",
    method: [
      "Each base from its ordinary archive, booted as a local machine with systemd.",
      "A resource of each kind applied, planned again, one step failed, rolled back; whole trees compared.",
      `Ubuntu ${ubuntus.join(", ")}: ${ubuntu}.`,
    ],
    rows,
    raw,
  },
  { json, quick },
)
process.exitCode = rows.every(({ met }) => met === true) ? 0 : 1
