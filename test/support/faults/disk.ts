import { mkdir, rm, statfs } from "node:fs/promises"
import { join } from "node:path"
import { mountsUnder } from "../../../src/engines/local/mounts.ts"
import { lastLines, run } from "../../../src/system/process.ts"
import { eventually } from "./eventually.ts"

/** A small file system of its own in a file: it can be filled, and cut off as by a power cut, at no cost to the host. */
export interface Disk {
  /** Where it is mounted. */
  readonly path: string
  /** Takes every free byte. */
  readonly fill: () => Promise<void>
  readonly release: () => Promise<void>
  /** From now on nothing reaches the disk: what was not flushed is lost. Whatever runs on it gets errors. */
  readonly cut: () => Promise<void>
  /** Mounts it again; its journal is replayed, as after a power cut. */
  readonly remount: () => Promise<void>
  /** Writes everything down, so that a cut loses only what comes after. */
  readonly flush: () => Promise<void>
  /** Keeps the whole disk as it is; nothing may run on it. */
  readonly keep: (name: string) => Promise<void>
  /** Makes the disk what it was; nothing may run on it. */
  readonly restore: (name: string) => Promise<void>
}

export const makeDisk = async (directory: string, megabytes: number): Promise<Disk> => {
  const image = join(directory, "disk.img")
  const path = join(directory, "disk")
  const filler = join(path, "filler")
  const mount = () => succeed(["mount", "-o", "loop,noatime", image, path])
  // Only when its last user lets go of it is it read afresh at the next mount.
  const unmount = async (): Promise<void> => {
    if ((await mountsUnder(path)).length > 0) await succeed(["umount", "--", path])
    const free = async () => (await run(["losetup", "--associated", image])).stdout.length === 0
    if (!(await eventually(20_000, free))) throw new Error(`${image} is still in use`)
  }
  const kept = (name: string) => join(directory, `disk.${name}`)
  await mkdir(path, { recursive: true })
  await succeed(["truncate", "--size", `${megabytes}M`, image])
  // No room that only root may use: root is who fills it.
  await succeed(["mkfs.ext4", "-q", "-m", "0", image])
  await mount()
  return {
    path,
    fill: async () => {
      const { bavail, bsize } = await statfs(path)
      await run(["fallocate", "--length", String(Math.max(1, bavail * bsize)), filler])
      // What is left in odd pieces goes byte by byte.
      await run(["sh", "-c", 'dd if=/dev/zero bs=4k of="$1.more"; dd if=/dev/zero bs=1 of="$1.last"', "sh", filler])
    },
    release: async () => {
      for (const file of [filler, `${filler}.more`, `${filler}.last`]) await rm(file, { force: true })
    },
    cut: () => succeed(["perl", "-e", shutDown, path]),
    remount: async () => {
      await unmount()
      await mount()
    },
    flush: () => succeed(["sync", "--file-system", path]),
    keep: async (name) => {
      await unmount()
      await succeed(["cp", "--sparse=always", image, kept(name)])
      await mount()
    },
    restore: async (name) => {
      await unmount()
      await succeed(["cp", "--sparse=always", kept(name), image])
      await mount()
    },
  }
}

/** EXT4_IOC_SHUTDOWN without flushing the journal: the kernel's own way to play a power cut. */
const shutDown = 'open(F, "<", $ARGV[0]) or die $!; my $how = pack("L", 2); ioctl(F, 0x8004587D, $how) or die $!'

/** Runs a program that must not fail. */
export const succeed = async (argv: readonly string[]): Promise<void> => {
  const { exitCode, stderr } = await run(argv)
  if (exitCode !== 0) throw new Error(`${argv.join(" ")} ended with ${exitCode}: ${lastLines(stderr).join("\n")}`)
}
