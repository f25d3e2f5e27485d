/** What a script printed and how it ended. */
export interface Output {
  readonly exitCode: number
  readonly stdout: Buffer
  readonly stderr: Buffer
}

export interface ShellOptions {
  /** Bytes for the script's standard input; absent: empty. */
  readonly input?: Uint8Array
  /** Called with each piece of standard output as it comes; the pieces are then not kept in `stdout`. */
  readonly onStdout?: (chunk: Buffer) => void
  /** Absent: no limit. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/**
 * Anything with a root file system in which a shell runs, as root. The connection is made at the first
 * script and kept; scripts given at the same time run one after the other.
 */
export interface Machine {
  readonly name: string
  /** For people: `ssh deploy@web1`, `local pets-1`. */
  readonly description: string
  /** Where its services can be reached from the controller. */
  readonly address: () => Promise<string>
  /**
   * Runs a POSIX shell script. A failing script is an `Output`, not an error.
   * @throws FireclayError FC_MACHINE_UNREACHABLE, FC_HOST_KEY
   */
  readonly sh: (script: string, options?: ShellOptions) => Promise<Output>
  /** The last lines that its one program said. Absent or `undefined`: it has a journal. */
  readonly lastWords?: (lines: number) => Promise<readonly string[] | undefined>
  /** Closes the connection; the machine stays as it is. */
  readonly close: () => Promise<void>
}
