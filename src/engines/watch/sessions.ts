import { readdir, readFile, readlink, stat } from "node:fs/promises"
import { join } from "node:path"

/** Somebody who is in a machine. */
export interface Session {
  /** `root on pts/0`, `root by SSH`: as a look from inside has it. */
  readonly who: string
  readonly program: string
}

/** Which processes see each other; `undefined`: it has ended. */
export const namespaceOf = (pid: number | string): Promise<string | undefined> =>
  readlink(`/proc/${pid}/ns/pid`).catch(() => undefined)

/**
 * What has a terminal and leads a session there or was put in from outside, and connections of SSH without a terminal. A shell
 * that has none and was put in from outside is not told: Fireclay's own looks are such.
 *
 * @param root where the machine's root is seen from here
 */
export const sessionsIn = async (namespace: string, root: string): Promise<readonly Session[]> => {
  const all = (await readdir("/proc")).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    all.map(async (pid) => ((await namespaceOf(pid)) === namespace ? sessionOf(pid, namespace, root) : undefined)),
  )
  return found.filter((session) => session !== undefined)
}

const sessionOf = async (pid: string, namespace: string, root: string): Promise<Session | undefined> => {
  const at = `/proc/${pid}`
  const cmdline = await readFile(join(at, "cmdline"), "utf8").catch(() => "")
  const bySsh = /^sshd: *([^@]+)@notty/.exec(cmdline)?.[1]
  if (bySsh !== undefined) return { who: `${bySsh} by SSH`, program: "sshd" }
  const terminal = await terminalOf(at)
  if (terminal === undefined || !(await isFirst(pid, namespace))) return undefined
  const program = (await readFile(join(at, "comm"), "utf8").catch(() => "")).trim()
  if (program === "" || /^(agetty|getty|systemd.*)$/.test(program)) return undefined
  return { who: `${await userOf(at, root)} on ${terminal}`, program }
}

/** By its number: the path of a terminal that another namespace has says nothing here. */
const terminalOf = async (at: string): Promise<string | undefined> => {
  const input = await stat(join(at, "fd/0")).catch(() => undefined)
  if (input?.isCharacterDevice() !== true) return undefined
  const [major, minor] = [(input.rdev >> 8) & 0xfff, (input.rdev & 0xff) | ((input.rdev >> 12) & 0xfff00)]
  if (major >= 136 && major <= 143) return `pts/${(major - 136) * 256 + minor}`
  if (major === 4 && minor < 64) return `tty${minor}`
  return major === 5 && minor === 1 ? "console" : undefined
}

/** It leads its session, or its parent is not of the machine. */
const isFirst = async (pid: string, namespace: string): Promise<boolean> => {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")
  const [, parent = "", , session] = text.slice(text.lastIndexOf(")") + 2).split(" ")
  return session === pid || (await namespaceOf(parent)) !== namespace
}

const userOf = async (at: string, root: string): Promise<string> => {
  const owner = (await stat(at).catch(() => undefined))?.uid
  const accounts = await readFile(join(root, "etc/passwd"), "utf8").catch(() => "")
  const line = accounts.split("\n").find((account) => account.split(":")[2] === String(owner))
  return line?.split(":")[0] ?? String(owner)
}
