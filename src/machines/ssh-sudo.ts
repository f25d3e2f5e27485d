import { randomBytes } from "node:crypto"
import { FireclayError, type SecretData, type SshHost, type SudoPassword } from "../contract/index.ts"
import { lastLines, run } from "../system/process.ts"
import type { Greeting } from "./session.ts"

/** Words that only one connection knows. They are not secret. */
export interface SudoMarks {
  /** What sudo asks with. */
  readonly prompt: string
  /** What the shell says once it is root. */
  readonly root: string
  /** The line before the first script. */
  readonly end: string
}

export const sudoMarks = (): SudoMarks => {
  const id = randomBytes(8).toString("hex")
  return { prompt: `fireclay-password-${id}`, root: `fireclay-root-${id}`, end: `fireclay-end-${id}` }
}

/**
 * Tells the password once, ahead of being asked: that saves a round trip. Nothing follows it until the shell is root, for
 * sudo would take that as another try, and some systems lock an account after three. Where sudo did not
 * ask, the shell reads the password as a line to pass over.
 */
export const sudoGreeting = (marks: SudoMarks, password: string): Greeting => ({
  first: `${password}\n`,
  until: `${marks.root}\n`,
  last: `${marks.end}\n`,
  isRefused: (stderr) => askedAgain(stderr, marks),
})

/** Whether sudo has asked a second time, and so did not like the first answer. */
export const askedAgain = (stderr: string, { prompt }: SudoMarks): boolean => stderr.split(prompt).length > 2

/** What runs as root: says so, passes over what was not asked for, and goes on with `loop`. */
export const listening = ({ root, end }: SudoMarks, loop: string): string =>
  [
    `printf '${root}\\n' >&2`,
    `while IFS= read -r fc_w; do [ "$fc_w" = ${end} ] && break; done`,
    "unset fc_w",
    loop,
  ].join("\n")

/** Variables that hold a password and are not for ssh. */
export const passwordVariables = ({ sudo }: SshHost): readonly string[] => {
  if (typeof sudo !== "object") return []
  const from = sudo.password
  if ("env" in from) return [from.env]
  return "secret" in from && from.source.from === "environment" ? [from.secret] : []
}

export interface PasswordReaders {
  /** Where a command is run. Default: here. */
  readonly directory?: string
  readonly readSecret?: (secret: SecretData) => Promise<Uint8Array>
}

/**
 * The password itself.
 *
 * @throws FireclayError FC_SUDO, when it cannot be had; without the password. And what reading a secret throws.
 */
export const readSudoPassword = async (
  from: SudoPassword,
  at: string,
  readers: PasswordReaders = {},
): Promise<string> => {
  const password = await readFrom(from, at, readers)
  if (password !== "" && !/[\n\r\0]/.test(password)) return password
  const problem = password === "" ? "is empty" : "is more than one line"
  throw noPassword(`the password for sudo ${problem}`, at, `look at what ${describe(from)} holds`)
}

/** `$WEB_PASSWORD`, `pass show web`: where a password comes from, for people. */
export const describe = (from: SudoPassword): string => {
  if ("secret" in from) return `the secret ${from.secret}`
  return "env" in from ? `$${from.env}` : from.command.join(" ")
}

const readFrom = async (
  from: SudoPassword,
  at: string,
  { directory, readSecret }: PasswordReaders,
): Promise<string> => {
  if ("env" in from) return fromEnvironment(from.env, at)
  if ("command" in from) return fromCommand(from.command, at, directory)
  if (readSecret === undefined) throw new TypeError("nothing is there to read secrets with")
  return Buffer.from(await readSecret(from))
    .toString()
    .replace(/\r?\n$/, "")
}

const fromEnvironment = (name: string, at: string): string => {
  const value = process.env[name]
  if (value === undefined)
    throw noPassword(
      `the environment variable ${name}, which is to hold the password for sudo, is not set`,
      at,
      `read -rs ${name} && export ${name}`,
    )
  return value
}

const fromCommand = async (command: readonly string[], at: string, cwd?: string): Promise<string> => {
  const { exitCode, stdout, stderr } = await run(command, cwd === undefined ? {} : { cwd })
  if (exitCode === 0) return stdout.toString().replace(/\r?\n$/, "")
  const problem = `the command for sudo's password ended with ${exitCode}`
  throw noPassword(problem, at, `run it by hand: ${command.join(" ")}`, lastLines(stderr))
}

const noPassword = (problem: string, at: string, remedy: string, details: readonly string[] = []): FireclayError =>
  new FireclayError("FC_SUDO", problem, { at, remedy, details })
