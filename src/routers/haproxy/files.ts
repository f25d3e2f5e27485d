import { createHash } from "node:crypto"
import { chmod, mkdir, open, readFile, rename, rm, rmdir } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { FireclayError } from "../../contract/index.ts"
import { defaultWeight } from "../weight.ts"
import type { Check } from "./checks.ts"
import type { Placed, Told } from "./config.ts"

/** Where the files of one router are. */
export interface Places {
  readonly home: string
  readonly config: string
  readonly state: string
  readonly script: string
  /** Beside the socket, whose path is fit for HAProxy's commands. */
  readonly checks: string
  readonly socket: string
}

export const placesOf = (home: string): Places => {
  const full = resolve(home)
  const socket = socketPath(full)
  return {
    home: full,
    config: join(full, "haproxy.cfg"),
    state: join(full, "backends.json"),
    script: join(full, "hold.lua"),
    checks: join(dirname(socket), "checks.map"),
    socket,
  }
}

/** Makes the directories, readable by their owner only. */
export const makeDirectories = async (places: Places): Promise<void> => {
  for (const directory of new Set([places.home, dirname(places.socket)])) {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await chmod(directory, 0o700)
  }
}

/** Replaces a file so that a crash leaves the old content or the new, never a part. */
export const writeWhole = async (path: string, text: string): Promise<void> => {
  const temporary = `${path}.tmp`
  await using file = await open(temporary, "w", 0o600)
  await file.writeFile(text)
  await file.sync()
  await rename(temporary, path)
  await using directory = await open(dirname(path), "r")
  await directory.sync()
}

/** What it was told last; nothing when there is no file. Files of earlier versions know neither weights nor checks. */
export const readState = async (places: Places, check: Check): Promise<Told> => {
  try {
    const told = JSON.parse(await readFile(places.state, "utf8")) as Partial<Told>
    const whole = (server: Placed): Placed => ({ ...{ weight: defaultWeight, check }, ...server })
    return { backends: (told.backends ?? []).map(whole), preview: (told.preview ?? []).map(whole) }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return { backends: [], preview: [] }
    throw new FireclayError("FC_ROUTER", "the router's list of backends could not be read", {
      at: places.state,
      remedy: "remove the file; the next apply admits the backends again",
      cause,
    })
  }
}

export const writeState = (places: Places, told: Told): Promise<void> =>
  writeWhole(places.state, `${JSON.stringify(told, null, 2)}\n`)

/** Removes what the router wrote, and the directories unless something else is in them. */
export const removeFiles = async (places: Places): Promise<void> => {
  for (const path of [places.config, places.state, places.script, places.checks]) {
    await rm(path, { force: true })
    await rm(`${path}.tmp`, { force: true })
  }
  await rm(places.socket, { force: true })
  for (const directory of new Set([dirname(places.socket), places.home])) await removeEmpty(directory)
  if (!places.socket.startsWith(places.home)) await removeEmpty(socketsOutside())
}

/** A unix socket's path has 108 bytes at most, and HAProxy appends a process id and `.tmp` while it binds. */
const longestSocketPath = 88

const socketPath = (home: string): string => {
  const beside = join(home, "haproxy.sock")
  // HAProxy reads `$`, `,` and `@` in an address in its own way, however they are quoted.
  if (Buffer.byteLength(beside) <= longestSocketPath && /^[\w/. -]+$/.test(beside)) return beside
  const name = createHash("sha256").update(home).digest("hex").slice(0, 12)
  return join(socketsOutside(), name, "haproxy.sock")
}

/** For the sockets of routers whose own directory will not do. */
const socketsOutside = (): string => join(runtimeDirectory(), "fireclay")

const runtimeDirectory = (): string =>
  process.getuid?.() === 0 ? "/run" : (process.env.XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.()}`)

const removeEmpty = async (directory: string): Promise<void> => {
  try {
    await rmdir(directory)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== "ENOENT" && code !== "ENOTEMPTY") throw error
  }
}
