import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type LocalOptions, localEngine } from "../../../src/engines/index.ts"
import { place } from "../../../src/engines/local/place.ts"
import { run } from "../../../src/system/process.ts"

/** A project of this test's own, and everything on this machine that bears its marks. */
export interface TestProject {
  readonly options: LocalOptions
  readonly bridge: string
  readonly home: string
  readonly hostState: () => Promise<readonly string[]>
}

let counter = 0

export const testProject = (): TestProject => {
  const options = { project: "engine-test", projectDirectory: `/engine-test/${process.pid}/${counter++}` }
  const { bridge, home } = place(options)
  return { options, bridge, home, hostState: () => hostState([bridge, home]) }
}

export const testEngine = (project: TestProject) => localEngine(project.options)

export const withDirectory = async <T>(action: (directory: string) => Promise<T>): Promise<T> => {
  const directory = await mkdtemp(join(tmpdir(), "fireclay-test-"))
  try {
    return await action(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Links, addresses, routes, mounts, namespaces, rules, processes, control groups and files with one of the marks. */
const hostState = async (marks: readonly string[]): Promise<readonly string[]> => {
  const commands = [
    ["ip", "-o", "link"],
    ["ip", "-o", "-4", "address"],
    ["ip", "-4", "route", "show", "table", "all"],
    ["ip", "netns", "list"],
    ["iptables-save"],
    ["ps", "-e", "-o", "args="],
    ["find", "/sys/fs/cgroup", "/run/systemd/nspawn", "/run/netns", "/var/lib/fireclay-local", "-maxdepth", "3"],
  ]
  const outputs = await Promise.all(commands.map(async (argv) => (await run(argv)).stdout.toString()))
  const lines = [...outputs, await readFile("/proc/self/mountinfo", "utf8"), ...(await processGroups())]
    .join("\n")
    .split("\n")
  // "(deleted)": the group of a process that has ended, and that the host's first process has not reaped yet.
  return lines.filter((line) => marks.some((mark) => line.includes(mark)) && !line.endsWith("(deleted)")).sort()
}

const processGroups = async (): Promise<readonly string[]> => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name))
  return Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => "")))
}
