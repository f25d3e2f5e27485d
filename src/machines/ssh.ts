import { setTimeout as sleep } from "node:timers/promises"
import {
  FireclayError,
  isFireclayError,
  type Machine,
  type Output,
  type ShellOptions,
  type SshHost,
} from "../contract/index.ts"
import { lastLines, run, runOk } from "../system/process.ts"
import { Session } from "./session.ts"
import { sshByHand, sshCommand, sshResolveArgv, withUser } from "./ssh-argv.ts"
import { classifySshFailure, isWorthRetrying, type SshFailure, sshError } from "./ssh-errors.ts"
import { writePins } from "./ssh-pins.ts"
import { passwordVariables, readSudoPassword, type SudoMarks, sudoGreeting, sudoMarks } from "./ssh-sudo.ts"

export interface SshOptions {
  /** How often to try to connect where it may help, such as a refused connection. */
  readonly tries?: number
  /** The wait before the second try; each further one waits twice as long. */
  readonly backoffMs?: number
  /** How long login, its start-up files and sudo may take until a shell answers. */
  readonly answerMs?: number
  /** The password for sudo, asked for when a connection needs it. Default: read from where the host says. */
  readonly sudoPassword?: () => Promise<string>
}

export interface SshMachine extends Machine {
  /** Begins to connect ahead of the first script, which is told if that fails. */
  readonly connect: (signal?: AbortSignal) => void
}

/**
 * A server over the system's OpenSSH, so that `~/.ssh/config`, agents, jump hosts and known_hosts work as usual. Host
 * keys are always verified. Connecting is tried again where that may help; a script never is, for it may have begun.
 *
 * @throws FireclayError FC_MACHINE_UNREACHABLE, FC_HOST_KEY, FC_SUDO, from its methods
 */
export const sshMachine = (host: SshHost, options: SshOptions = {}): SshMachine => {
  const connection = new SshConnection(host, options)
  let address: Promise<string> | undefined
  return {
    name: host.name,
    description: `ssh ${withUser(host)}`,
    address: () => {
      address ??= resolveAddress(host).catch((error: unknown) => {
        address = undefined
        throw error
      })
      return address
    },
    connect: (signal) => connection.begin(signal),
    sh: (script, shellOptions) => connection.sh(script, shellOptions),
    close: () => connection.close(),
  }
}

/** Thrown by our own `argv` to the session, and never to a caller. */
const notConnected = new Error("not connected")

/** What the next run of ssh is given. */
interface Attempt {
  readonly pins: ReadonlyMap<string, string>
  readonly sudo?: { readonly marks: SudoMarks; readonly password: string }
}

class SshConnection {
  readonly #host: SshHost
  readonly #options: Required<SshOptions>
  readonly #session: Session
  #attempt: Attempt | undefined
  #failure: SshFailure | undefined
  /** A wrong password is never tried again: some systems lock an account after three. */
  #refused: FireclayError | undefined
  #queue: Promise<unknown> = Promise.resolve()
  #begun: Promise<void> | undefined
  readonly #closing = new AbortController()

  constructor(host: SshHost, options: SshOptions) {
    this.#host = host
    const { sudo } = host
    const sudoPassword = async (): Promise<string> =>
      typeof sudo === "object" ? readSudoPassword(sudo.password, host.name) : ""
    this.#options = { tries: 3, backoffMs: 500, answerMs: 30_000, sudoPassword, ...options }
    let environment: NodeJS.ProcessEnv = {}
    let sudoing: Attempt["sudo"]
    this.#session = new Session({
      argv: (loop) => {
        if (this.#attempt === undefined) throw notConnected
        const { pins, sudo: asRoot } = this.#attempt
        this.#attempt = undefined
        sudoing = asRoot
        const command = sshCommand(host, loop, { pins, sudo: asRoot?.marks })
        environment = { ...withoutPasswords(host), ...command.environment }
        return command.argv
      },
      environment: () => environment,
      greeting: () => (sudoing === undefined ? undefined : sudoGreeting(sudoing.marks, sudoing.password)),
      lost: (stderr, everAnswered) => {
        // Nothing should have printed it. Where something did, it ends here.
        const said = sudoing === undefined ? stderr : stderr.replaceAll(sudoing.password, "(the password)")
        this.#failure = classifySshFailure(said, everAnswered, sudoing?.marks)
        return sshError(host, this.#failure)
      },
    })
  }

  begin(signal?: AbortSignal): void {
    const either = signal === undefined ? [] : [signal]
    const turn = this.#queue.then(() => this.#connect(AbortSignal.any([this.#closing.signal, ...either])))
    this.#begun = turn
    this.#queue = turn.catch(() => undefined)
  }

  sh(script: string, options: ShellOptions = {}): Promise<Output> {
    const turn = this.#queue.then(() => this.#perform(script, options))
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  async close(): Promise<void> {
    if (this.#begun !== undefined) this.#closing.abort()
    await this.#queue
    await this.#session.close()
  }

  /** A script only travels over a connection that has answered: an error before that means that it did not begin. */
  async #perform(script: string, options: ShellOptions): Promise<Output> {
    const begun = this.#begun
    this.#begun = undefined
    await begun
    try {
      return await this.#send(script, options)
    } catch (error) {
      if (error !== notConnected) throw error
    }
    await this.#connect(options.signal)
    return this.#send(script, options)
  }

  async #send(script: string, options: ShellOptions): Promise<Output> {
    const began = performance.now()
    try {
      return await this.#session.sh(script, options)
    } catch (error) {
      const { signal, timeoutMs } = options
      if (!isFireclayError(error)) throw error
      if (signal?.aborted === true) throw stopped(this.#host, "was cut off: the run was cancelled", error)
      if (timeoutMs === undefined || performance.now() - began < timeoutMs) throw error
      throw stopped(this.#host, `did not finish a script within ${seconds(timeoutMs)}`, error)
    }
  }

  async #connect(signal: AbortSignal | undefined): Promise<void> {
    const { tries, backoffMs } = this.#options
    if (this.#refused !== undefined) throw this.#refused
    const began = performance.now()
    for (let done = 1; ; done++) {
      const failure = await this.#knock(signal)
      if (failure === undefined) return
      if (signal?.aborted === true) throw stopped(this.#host, "was not connected: the run was cancelled")
      if (failure.kind === "password") this.#refused = sshError(this.#host, failure)
      if (!isWorthRetrying(failure)) throw this.#refused ?? sshError(this.#host, failure)
      const effort = `${done} ${done === 1 ? "try" : "tries"} in ${seconds(performance.now() - began)}`
      if (done >= tries) throw sshError(this.#host, failure, effort)
      // Cut short by the signal, which the next knock finds.
      await sleep(backoffMs * 2 ** (done - 1), undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
    }
  }

  /** The first answer also swallows what the account's start-up files print, which is no script's output. */
  async #knock(signal: AbortSignal | undefined): Promise<SshFailure | undefined> {
    const { answerMs, sudoPassword } = this.#options
    const password = typeof this.#host.sudo === "object" ? await sudoPassword() : undefined
    const pins = await writePins(this.#host)
    const began = performance.now()
    this.#attempt = { pins: pins.files, ...(password === undefined ? {} : { sudo: { marks: sudoMarks(), password } }) }
    this.#failure = undefined
    try {
      await this.#session.sh(":", { timeoutMs: answerMs, ...(signal === undefined ? {} : { signal }) })
      return undefined
    } catch (error) {
      if (!isFireclayError(error)) throw error
    } finally {
      this.#attempt = undefined
      await pins.remove()
    }
    if (performance.now() - began >= answerMs) return silent(answerMs)
    // An error if there is no ssh on this machine, which looks like a connection that ends without a word.
    const failure = this.#failure as SshFailure | undefined
    if (failure?.details.length === 0) await run(["ssh", "-V"])
    return failure
  }
}

const withoutPasswords = (host: SshHost): NodeJS.ProcessEnv => {
  const hidden = passwordVariables(host)
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !hidden.includes(name)))
}

const silent = (ms: number): SshFailure => ({
  kind: "lasting",
  says: `gave no shell within ${seconds(ms)}`,
  details: [],
})

const stopped = (host: SshHost, says: string, cause?: unknown): FireclayError =>
  new FireclayError("FC_MACHINE_UNREACHABLE", `${host.destination} ${says}`, { at: host.name, cause })

const seconds = (ms: number): string => `${Number((ms / 1000).toPrecision(2))} s`

const resolveAddress = async (host: SshHost): Promise<string> => {
  const failed = (message: string, details: readonly string[]): FireclayError =>
    new FireclayError("FC_MACHINE_UNREACHABLE", `${host.destination}: ${message}`, {
      at: host.name,
      remedy: `${sshByHand(host)} true`,
      details,
    })
  const answer = (await runOk(sshResolveArgv(host), failed)).toString()
  const name = answer.match(/^hostname (\S+)$/m)?.[1]
  if (name === undefined) throw failed("ssh -G names no hostname", lastLines(answer))
  return name
}
