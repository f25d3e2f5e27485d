import type { ProgressEvent } from "../../core/index.ts"

export interface ProgressView {
  readonly event: (event: ProgressEvent) => void
  /** Leaves the last state standing. */
  readonly stop: () => void
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

interface Line {
  readonly name: string
  readonly text: string
  readonly done: boolean
}

/** One line for each machine, redrawn in place: for a terminal. A line wider than that would break the redrawing. */
export const liveProgress = (
  write: (text: string) => void,
  now: () => number,
  columns: () => number = () => 80,
): ProgressView => {
  const lines = new Map<string, Line>()
  let drawn = 0
  const draw = (): void => {
    // A terminal that does not know its width says 0.
    const width = columns() || 80
    const frame = frames[Math.floor(now() / 80) % frames.length] ?? ""
    const names = Math.max(0, ...[...lines.values()].map(({ name }) => name.length))
    const text = [...lines.values()].map(({ name, text: said, done }) =>
      `  ${done ? "✓" : frame} ${name.padEnd(names)}  ${said}`.slice(0, width - 1),
    )
    write(`${drawn > 0 ? `\u001b[${drawn}A` : ""}\u001b[J${text.map((line) => `${line}\n`).join("")}`)
    drawn = text.length
  }
  const timer = setInterval(draw, 80)
  return {
    event: (event) => {
      lines.set(nameOf(event), { name: nameOf(event), text: describe(event), done: event.done === true })
    },
    stop: () => {
      clearInterval(timer)
      if (lines.size > 0) draw()
    },
  }
}

/** A line for each thing that happens: for logs and pipes. Steps of one machine are told when it changes what it does. */
export const plainProgress = (write: (text: string) => void): ProgressView => {
  const last = new Map<string, string>()
  return {
    event: (event) => {
      const name = nameOf(event)
      if (last.get(name) === event.doing) return
      last.set(name, event.doing)
      write(`${name}: ${describe(event)}\n`)
    },
    stop: () => undefined,
  }
}

const nameOf = ({ fleet, member }: ProgressEvent): string => member ?? fleet

const describe = ({ doing, step, steps }: ProgressEvent): string =>
  step === undefined ? doing : `${doing} (${step} of ${steps})`
