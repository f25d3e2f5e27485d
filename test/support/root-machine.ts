import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Base, FireclayError, type Machine } from "../../src/contract/index.ts"
import { ensureBase } from "../../src/engines/local/base.ts"
import { mountOverlay, unmount } from "../../src/engines/local/mounts.ts"
import { place } from "../../src/engines/local/place.ts"
import { Session } from "../../src/machines/session.ts"
import { run } from "../../src/system/process.ts"

export interface RootMachine {
  readonly machine: Machine
  /** Its root, as this computer sees it. */
  readonly root: string
  /** Runs a script and answers what it printed; a failing one is an error. */
  readonly tell: (script: string) => Promise<string>
  readonly dispose: () => Promise<void>
}

/**
 * A whole root file system of its own, over a base, with its own processes but without systemd: quick to have, and
 * packages are real in it.
 *
 * @param environment of every script, such as shorter waits
 */
export const openRootMachine = async (
  base: Base,
  environment: Readonly<Record<string, string>> = {},
): Promise<RootMachine> => {
  const directory = await mkdtemp(join(tmpdir(), "fireclay-root-"))
  const [root, upper, work] = ["root", "upper", "work"].map((part) => join(directory, part)) as [string, string, string]
  await Promise.all([root, upper, work].map((path) => mkdir(path)))
  const { root: lower } = await ensureBase(place({ project: "test", projectDirectory: directory }), base)
  await mountOverlay({ directory, lowers: [lower], upper, work, target: root, volatile: true })
  const session = new Session({
    argv: (loop) => [...enter(root), ...clean(environment), "sh", "-c", loop],
    lost: (stderr) => new FireclayError("FC_MACHINE_UNREACHABLE", "the root machine is gone", { details: [stderr] }),
  })
  const machine: Machine = {
    name: "root",
    description: "root machine",
    address: async () => "127.0.0.1",
    sh: (script, options) => session.sh(script, options),
    close: () => session.close(),
  }
  return {
    machine,
    root,
    tell: async (script) => {
      const { exitCode, stdout, stderr } = await machine.sh(script)
      if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${script}\n${stdout}${stderr}`)
      return stdout.toString()
    },
    dispose: async () => {
      await session.close()
      await endAllIn(root)
      await unmount(root)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const enter = (root: string): readonly string[] => [
  ...["unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child", `--mount-proc=${root}/proc`],
  ...["sh", "-c", 'mount -t tmpfs tmpfs "$0/tmp" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"', root],
]

const clean = (environment: Readonly<Record<string, string>>): readonly string[] => [
  ...["/usr/bin/env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"],
  ...Object.entries({ LC_ALL: "C.UTF-8", ...environment }).map(([name, value]) => `${name}=${value}`),
]

/** The first process of its namespace takes all others with it; the mount is free once it is gone. */
const endAllIn = async (root: string): Promise<void> => {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const { stdout } = await run(["pgrep", "-f", root])
    const mine = stdout
      .toString()
      .split("\n")
      .filter((pid) => pid !== "" && Number(pid) !== process.pid)
    if (mine.length === 0 || !(await readFile("/proc/mounts", "utf8")).includes(root)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** What a root is: each path outside of what varies by nature, with mode, owner, target and a sum of its content. */
export const rootSnapshot = `
export LC_ALL=C
cd / && find . -xdev \\( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path ./tmp -o -path ./var/tmp -o -path ./var/log -o -path ./var/cache \\
  -o -path ./var/lib/fireclay -o -path ./var/lib/apt/lists -o -path './var/lib/dpkg/*-old' -o -path './var/lib/dpkg/lock*' -o -path ./var/lib/dpkg/triggers -o -path ./var/lib/dpkg/updates -o -path ./var/lib/dpkg/status \\
  -o -path ./var/lib/dpkg/available -o -path ./var/lib/rpm -o -path ./var/lib/dnf -o -path ./srv -o -path ./root -o -path ./etc/.pwd.lock -o -name '*.pyc' \\) -prune -o -printf '%y %m %u %g %p -> %l\\n' -type f -exec cksum {} + | sort
`
