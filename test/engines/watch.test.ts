import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { writablePlaces } from "../../src/engines/watch/inside.ts"
import { watchTree } from "../../src/engines/watch/tree.ts"

describe("writablePlaces", () => {
  it("are real file systems and those in memory that can be written to", () => {
    const mountinfo = [
      "1 0 0:1 / / ro,relatime master:1 - overlay overlay rw,lowerdir=a",
      "2 1 0:2 / /tmp rw,nosuid - tmpfs tmpfs rw",
      "3 1 8:1 /v /srv/up\\040loads rw,relatime shared:2 - ext4 /dev/sda1 rw",
      "4 1 0:3 / /proc rw - proc proc rw",
      "5 1 0:4 / /dev rw - tmpfs tmpfs rw",
      "6 1 0:5 / /dev/shm rw - tmpfs tmpfs rw",
      "7 1 0:6 / /run rw - tmpfs tmpfs rw",
      "8 1 0:7 / /run/host/os-release rw - ext4 /dev/sda1 rw",
      "9 1 0:8 / /sys/fs/cgroup rw - tmpfs tmpfs rw",
      "",
    ].join("\n")
    expect(writablePlaces(mountinfo)).toEqual(["/tmp", "/srv/up loads", "/dev/shm", "/run"])
  })
})

describe("watchTree", () => {
  let top = ""
  const stop = new AbortController()
  const waiting: ((path: string) => void)[] = []
  const seen: string[] = []
  beforeEach(async () => {
    top = await mkdtemp(join(tmpdir(), "fireclay-watch-"))
    await mkdir(join(top, "there/below"), { recursive: true })
    await writeFile(join(top, "there/old"), "")
  })
  afterEach(async () => {
    stop.abort()
    await rm(top, { recursive: true })
  })

  /** Fulfilled once it was told of this path. */
  const until = (path: string): Promise<void> =>
    new Promise((resolve) => {
      if (seen.includes(path)) return resolve()
      waiting.push((told) => told === path && resolve())
    })

  it("tells of what comes and what is changed, also in directories that come", async () => {
    await watchTree(
      top,
      (path) => {
        seen.push(path.slice(top.length + 1))
        for (const tell of waiting) tell(path.slice(top.length + 1))
      },
      stop.signal,
    )
    await writeFile(join(top, "there/below/new"), "")
    await until("there/below/new")
    await mkdir(join(top, "came/with/it"), { recursive: true })
    await writeFile(join(top, "came/with/it/file"), "")
    await until("came/with/it/file")
    await rename(join(top, "came"), join(top, "there/moved"))
    await until("there/moved/with/it/file")
    expect(seen).not.toContain("there/old")
    await chmod(join(top, "there/old"), 0o755)
    await until("there/old")
  })
})
