import { mkdir, readdir, rename } from "node:fs/promises"
import { arch } from "node:os"
import { join } from "node:path"
import type { Base, BaseChoice, DebianBase, Progress } from "../../contract/index.ts"
import { describeBase, FireclayError } from "../../contract/index.ts"
import { hashFile } from "../../images/layout.ts"
import { lastLines, run, runOk } from "../../system/process.ts"
import { makePrivate, readText, removeTree, writeAtomic } from "./files.ts"
import { withLock } from "./lock.ts"
import { hash, type Place } from "./place.ts"

/**
 * The one time that is ever written into a base or an image: 1 January 2024, in seconds since 1970. Files that are
 * older keep their time.
 */
export const epoch = 1_704_067_200

/** A base in the cache. */
export interface CachedBase {
  /** Digest of the normalised archive. */
  readonly digest: string
  /** The unpacked root: a lower of overlays, never to be written to. */
  readonly root: string
  readonly archive: string
}

/**
 * Makes the base unless it is cached. Of several processes one makes it and the others wait. Where it was made several
 * times, the one of the digest is meant, or else the last.
 */
export const ensureBase = async (
  at: Place,
  base: Base,
  progress: Progress = () => undefined,
  { digest, renew: anew = false }: BaseChoice = {},
): Promise<CachedBase> => {
  const parent = baseDirectory(at, base)
  // Others are named by their content: made anew they are the same.
  const renew = anew && "distribution" in base
  if (!renew) {
    const before = await choose(parent, digest)
    if (before !== undefined) return before
  }
  await mkdir(parent, { recursive: true })
  return withLock(parent, async () => {
    const made = await makingsOf(parent)
    const meanwhile = renew ? undefined : await choose(parent, digest)
    if (meanwhile !== undefined) return meanwhile
    const directory = made.length === 0 ? parent : `${parent}.${made.length + 1}`
    const fresh = await makeBase(at, directory, base, progress)
    const same = made.find((one) => one.digest === fresh.digest)
    if (same !== undefined) await removeTree(directory)
    return same ?? fresh
  })
}

/** Where it was made: the first time, the second … */
const makingsOf = async (parent: string): Promise<readonly CachedBase[]> => {
  const found: CachedBase[] = []
  for (let number = 1; ; number += 1) {
    const made = await cachedBase(number === 1 ? parent : `${parent}.${number}`)
    if (made === undefined) return found
    found.push(made)
  }
}

const choose = async (parent: string, digest: string | undefined): Promise<CachedBase | undefined> => {
  const made = await makingsOf(parent)
  return made.find((one) => one.digest === digest) ?? made.at(-1)
}

/** The base in that directory, once it is whole. */
export const cachedBase = async (directory: string): Promise<CachedBase | undefined> => {
  const digest = (await readText(join(directory, "digest")))?.trim()
  return digest === undefined
    ? undefined
    : { digest, root: join(directory, "root"), archive: join(directory, "base.tar") }
}

const makeBase = async (at: Place, directory: string, base: Base, progress: Progress): Promise<CachedBase> => {
  await mkdir(directory, { recursive: true })
  // What an earlier run left half-made: the file `digest` comes last.
  for (const name of await readdir(directory)) await removeTree(join(directory, name))
  const temporary = join(directory, "making")
  const root = join(temporary, "root")
  const archive = join(temporary, "base.tar")
  await mkdir(root, { recursive: true })
  progress(`making the base ${describeBase(base)}`)
  if ("distribution" in base) await bootstrap(base, archive, temporary, progress)
  else {
    // Programs in it that become root are not for the users of this computer.
    await makePrivate(directory)
    // Loaded here: few bases come from a registry, and HTTP takes long to load.
    await (await import("./imported.ts")).importBase(at, base, archive, temporary, progress)
  }
  await runOk(unpackArgv(archive, root), failure(base))
  const digest = await hashFile(archive)
  await rename(root, join(directory, "root"))
  await rename(archive, join(directory, "base.tar"))
  await removeTree(temporary)
  await writeAtomic(join(directory, "digest"), `${digest}\n`)
  progress(`made the base ${digest}`)
  return { digest, root: join(directory, "root"), archive: join(directory, "base.tar") }
}

const bootstrap = async (base: DebianBase, archive: string, temporary: string, progress: Progress): Promise<void> => {
  const { exitCode, stderr } = await run(bootstrapArgv(base, archive), {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch), LC_ALL: "C.UTF-8", TMPDIR: temporary },
    onOutput: (chunk) => {
      for (const line of chunk.toString().split("\n"))
        if (/^I: (running apt|downloading|extracting|installing|cleaning|creating)/.test(line)) progress(line.slice(3))
    },
  })
  if (exitCode !== 0) throw failure(base)(`mmdebstrap ended with ${exitCode}`, lastLines(stderr))
}

const failure =
  (base: Base) =>
  (message: string, details: readonly string[]): FireclayError =>
    new FireclayError("FC_BASE_FAILED", `the base ${describeBase(base)} could not be made: ${message}`, {
      details,
      remedy: "check the name of the suite, the packages it includes and /etc/apt/sources.list",
    })

/** What makes a Debian root a machine that boots, can be reached, and can be managed by the usual tools. */
const bootable = ["systemd", "systemd-sysv", "dbus", "openssh-server", "python3", "iproute2", "procps"] as const

const packagesOf = (base: DebianBase): readonly string[] => [...new Set([...bootable, ...base.include])].sort()

/** Named by all that goes into it, the way it is made included. */
const baseDirectory = (at: Place, base: Base): string => {
  const inputs =
    "distribution" in base
      ? { distribution: base.distribution, argv: bootstrapArgv(base, "ARCHIVE"), arch: arch(), epoch }
      : { content: "image" in base ? base.digest : base.sha256, arch: arch(), epoch }
  return join(at.cache, "bases", hash(JSON.stringify(inputs)).slice(0, 32))
}

/**
 * Run on the finished root, given as `$1`. Host keys are a machine's own; name and resolver were copied from the
 * machine that builds. The timers would take apt's lock at a time of their own choosing, and fail on read-only roots.
 */
const finish = [
  'rm -f "$1"/etc/ssh/ssh_host_*_key "$1"/etc/ssh/ssh_host_*_key.pub',
  'rm -f "$1"/etc/resolv.conf "$1"/etc/hostname',
  'rm -f "$1"/etc/systemd/system/timers.target.wants/apt-daily*.timer',
  'rm -f "$1"/etc/systemd/system/timers.target.wants/dpkg-db-backup.timer',
  'rm -rf "$1"/var/log/journal/*',
] as const

export const bootstrapArgv = (base: DebianBase, archive: string): readonly string[] => [
  "mmdebstrap",
  "--mode=root",
  "--variant=minbase",
  `--include=${packagesOf(base).join(",")}`,
  ...finish.map((hook) => `--customize-hook=${hook}`),
  base.suite,
  archive,
  ...(base.sources ?? []).map((line) => fillSource(line, base)),
]

const fillSource = (line: string, { suite, snapshot = "" }: DebianBase): string =>
  line.replaceAll("{suite}", suite).replaceAll("{snapshot}", snapshot)

const unpackArgv = (archive: string, root: string): readonly string[] => [
  "tar",
  "--extract",
  "--preserve-permissions",
  "--numeric-owner",
  "--xattrs",
  "--xattrs-include=*",
  `--directory=${root}`,
  `--file=${archive}`,
]
