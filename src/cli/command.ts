import type { Connections } from "../builtin/connections.ts"
import { openSecrets } from "../builtin/secrets.ts"
import { openWorkbench } from "../builtin.ts"
import type { Fleet } from "../contract/index.ts"
import { type ProgressEvent, type Redactor, redactDeep, type Workbench } from "../core/index.ts"
import { chooseFleets, type LoadedConfig, loadConfig } from "./config.ts"
import { lookUpHosts } from "./hosts.ts"
import type { Output } from "./output.ts"
import { ownVersion } from "./own-files.ts"
import { liveProgress, type ProgressView, plainProgress } from "./render/progress.ts"

/** Options that every command takes. */
export interface GlobalOptions {
  readonly config?: string
  readonly directory?: string
  readonly json: boolean
  readonly color: "auto" | "always" | "never"
}

/** What a command is given. */
export interface Context {
  readonly options: GlobalOptions
  readonly output: Output
  readonly signal: AbortSignal
  /** Knows every secret that was read, and keeps them out of all that is printed. */
  readonly redactor: Redactor
  /** Connections that were begun before the command was loaded. */
  readonly connections?: Connections | undefined
}

/** What a command answers: the exit code. */
export type Command<Options> = (context: Context, options: Options, ...args: readonly string[]) => Promise<number>

export interface Opened {
  readonly config: LoadedConfig
  readonly bench: Workbench
  readonly fleets: readonly Fleet[]
  /** Like the context's, but what is printed stands below the progress so far, not in the middle of it. */
  readonly output: Output
}

export interface ProjectNeeds {
  /** Whether servers that are listed elsewhere are looked up. Default: true. */
  readonly hosts?: boolean
  /** Whether tags of base images are looked up again, whatever the lock file says. Default: false. */
  readonly update?: boolean
}

/** Loads the configuration, opens what the command works with, and closes it again whatever happens. */
export const withProject = async <T>(
  context: Context,
  fleetNames: readonly string[],
  work: (opened: Opened) => Promise<T>,
  { hosts = true, update = false }: ProjectNeeds = {},
): Promise<T> => {
  const { options, output, signal, redactor } = context
  const loaded = await loadConfig(options)
  const chosen = chooseFleets(loaded, fleetNames)
  const { config, fleets, notes } = hosts
    ? await lookUpHosts(loaded, chosen)
    : { config: loaded, fleets: chosen, notes: [] }
  for (const note of notes) output.note(`note: ${note}`)
  const view = progressView(output)
  const bench = openWorkbench({
    project: config.project,
    directory: config.directory,
    progress: (event: ProgressEvent) => view.event(redactDeep(event, redactor.redact) as ProgressEvent),
    signal,
    update,
    secrets: openSecrets({ directory: config.directory, redactor }),
    connections: context.connections,
    version: ownVersion,
  })
  try {
    return await work({ config, bench, fleets, output: below(output, view) })
  } finally {
    view.stop()
    await bench.close()
  }
}

/** What paths on the command line are relative to. */
export const workingDirectory = ({ options }: Context): string => options.directory ?? process.cwd()

const below = (output: Output, view: ProgressView): Output => ({
  ...output,
  print: (text) => {
    view.stop()
    output.print(text)
  },
  document: (text) => {
    view.stop()
    output.document(text)
  },
})

const progressView = (output: Output): ProgressView => {
  const write = (text: string): boolean => process.stderr.write(text)
  return output.interactive
    ? lazily(() => liveProgress(write, Date.now, () => process.stderr.columns))
    : plainProgress(write)
}

/** A view that draws nothing until there is something to see. */
const lazily = (open: () => ProgressView): ProgressView => {
  let view: ProgressView | undefined
  return {
    event: (event) => {
      view ??= open()
      view.event(event)
    },
    stop: () => {
      view?.stop()
      view = undefined
    },
  }
}
