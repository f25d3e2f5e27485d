// debian: docker.io mmdebstrap openssh-client iptables iproute2
// `npm run bench:plan`: what it costs to look at one server with 100 resources and find nothing to do, against a script
// that asks the same 100 questions in batch. `-- --quick` makes fewer runs, `-- --json` prints the document.
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "../src/cli/config.ts"
import type { Machine, ResourceType, SshHost } from "../src/contract/index.ts"
import type { ResourceTypes } from "../src/core/plan/types.ts"
import { planMachine } from "../src/core/plan.ts"
import { bundle } from "../src/core/release.ts"
import { sshMachine } from "../src/machines/index.ts"
import * as resources from "../src/resources/index.ts"
import { lastLines, type RunOptions, run } from "../src/system/process.ts"
import { startSshServers } from "../test/support/ssh-servers.ts"
import { assertSameQuestions } from "./plan/answers.ts"
import { writeProject } from "./plan/project.ts"
import { alternate, type Figures } from "./support/measure.ts"
import { type BenchOptions, compare, describe, readOptions, report, say } from "./support/results.ts"

const root = join(import.meta.dirname, "..")
const floor = readFileSync(join(import.meta.dirname, "plan", "floor.sh"))

const main = async (options: BenchOptions): Promise<void> => {
  await succeed([process.execPath, "--conditions=fireclay-source", join(root, "scripts", "build.ts")])
  const directory = mkdtempSync(join(tmpdir(), "fireclay-bench-plan-"))
  say("starting a server")
  const servers = await startSshServers(1)
  try {
    const [host] = servers.hosts as readonly [SshHost & { readonly sshConfig: string }]
    writeProject(directory, host)
    say("bringing 100 resources about")
    await fireclay(directory, ["apply", "--yes"])
    const processes = await wholeProcesses(directory, host, options)
    const open = await openConnection(directory, host, options)
    await tell(processes, open, options)
  } finally {
    await servers.dispose()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Both sides as a user starts them: a process each, with its own SSH connection. */
const wholeProcesses = (directory: string, host: SshHost & { readonly sshConfig: string }, { quick }: BenchOptions) =>
  alternate(
    {
      fireclay: async () => {
        const output = await fireclay(directory, ["plan", "--detailed-exitcode"])
        if (!output.includes("nothing to do")) throw new Error(`the plan is not empty:\n${output}`)
      },
      script: async () => assertSameQuestions(await succeed(sshTo(host, "sh"), { input: floor })),
      // What of it is OpenSSH's: the same connection, with nothing asked.
      connection: () => succeed(sshTo(host, "true")),
    },
    quick ? 7 : 21,
  )

/** Both sides on one connection that is open already, in this process. */
const openConnection = async (directory: string, host: SshHost, { quick }: BenchOptions) => {
  const { project } = await loadConfig({ directory })
  const [fleet] = Object.values(project.fleets)
  if (fleet === undefined) throw new Error("the project has no fleet")
  const release = await bundle(fleet.spec, directory)
  const machine = sshMachine(host)
  try {
    return await alternate(
      {
        fireclay: async () => {
          const { steps, state } = await planMachine(machine, release, types)
          if (steps.length > 0 || state?.resources.length !== 100) throw new Error("the plan is not empty")
        },
        script: async () => assertSameQuestions(await ask(machine)),
      },
      quick ? 15 : 51,
    )
  } finally {
    await machine.close()
  }
}

const ask = async (machine: Machine): Promise<string> => (await machine.sh(floor.toString())).stdout.toString()

const tell = async (
  processes: Readonly<Record<"fireclay" | "script" | "connection", Figures>>,
  open: Readonly<Record<"fireclay" | "script", Figures>>,
  options: BenchOptions,
): Promise<void> => {
  for (const [name, figures] of Object.entries(processes)) say(describe(`${name}, whole process`, figures))
  for (const [name, figures] of Object.entries(open)) say(describe(`${name}, open connection`, figures, 1))
  const peerName = "hand-written POSIX script, one batch over one SSH connection"
  const whole = { case: "no-change plan of 100 resources, whole process", peerName, unit: "ms", goal: 1.5 }
  const inside = { case: "the same on an open connection, in process", peerName, unit: "ms" }
  await report(
    {
      name: "plan",
      method,
      rows: [compare(whole, processes.fireclay, processes.script), compare(inside, open.fireclay, open.script)],
      raw: { wholeProcess: processes, openConnection: open },
    },
    options,
  )
}

const method: readonly string[] = [
  "One server: a container on the same machine with systemd and sshd of Debian 12, reached over OpenSSH with its default algorithms, without ControlMaster.",
  "100 resources that are as described: 60 files and 10 templates of about 2 KB, 10 directories, 5 users, 5 links, 5 services, 5 commands.",
  "Ours: `fireclay plan --detailed-exitcode`, built, under this Node with a warm compile cache; it also loads the TypeScript configuration, reads and hashes the 70 source files, reads the event log, compares, and prints.",
  "Peer: `ssh host sh < bench/plan/floor.sh`, which asks the same 100 questions (one stat for 85 paths, one sha256sum for 70 files, getent for 5 users and for the groups, systemctl show for 5 units, 5 commands) and compares nothing; each run's answer is counted to hold 100 answers.",
  "The sides alternate, in reverse order every second round, after one uncounted run each; medians, all runs in raw (milliseconds); raw.wholeProcess.connection is `ssh host true`.",
  "On the open connection both sides use one persistent shell; ours is planMachine from source, with the release already read.",
]

const types: ResourceTypes = new Map(
  Object.values(resources).map(({ resourceType }: { resourceType: ResourceType }) => [resourceType.type, resourceType]),
)

const fireclay = (directory: string, words: readonly string[]): Promise<string> =>
  succeed([process.execPath, join(root, "bin", "fireclay.js"), "-C", directory, ...words], {
    env: { ...process.env, FIRECLAY_BUILT: "1" },
  })

const sshTo = (host: SshHost & { readonly sshConfig: string }, command: string): readonly string[] => [
  "ssh",
  ...["-F", host.sshConfig],
  host.destination,
  command,
]

const succeed = async (argv: readonly string[], options: RunOptions = {}): Promise<string> => {
  const { exitCode, stdout, stderr } = await run(argv, options)
  if (exitCode === 0) return stdout.toString()
  throw new Error(`${argv.join(" ")} ended with ${exitCode}:\n${lastLines(stderr).join("\n")}`)
}

await main(readOptions())
