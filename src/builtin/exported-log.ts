import { FireclayError, type StoredEvent } from "../contract/index.ts"
import type { CheckedLog } from "../core/index.ts"
import { firstFault } from "../stores/index.ts"
import { readText } from "../system/files.ts"

/**
 * A log that was exported as JSON Lines, to be checked without the project. That its end was cut off shows only by an
 * anchor.
 *
 * @throws FireclayError FC_USAGE when it cannot be read, or is none
 */
export const readExportedLog = async (path: string): Promise<CheckedLog> => {
  const events: StoredEvent[] = []
  let store = ""
  for (const [number, line] of await linesOf(path)) {
    const { store: from, previous: _, ...event } = parseLine(path, number, line)
    if (store !== "" && from !== store) throw notALog(`${path}:${number}`, "it holds lines of more than one log")
    store = from
    events.push(event)
  }
  return { store, events, fault: firstFault(events) }
}

const linesOf = async (path: string): Promise<readonly (readonly [number: number, line: string])[]> => {
  const text = await readText(path).catch((cause: Error) => {
    throw notALog(path, `it cannot be read: ${cause.message}`)
  })
  if (text === undefined) throw notALog(path, "there is no such file")
  return text
    .split("\n")
    .map((line, index) => [index + 1, line] as const)
    .filter(([, line]) => line.trim() !== "")
}

interface Line extends StoredEvent {
  readonly store: string
  readonly previous?: string
}

const texts = ["store", "at", "who", "fleet", "kind", "hash"] as const

const parseLine = (path: string, number: number, line: string): Line => {
  const said = parseJson(line)
  const isEvent =
    typeof said === "object" &&
    said !== null &&
    texts.every((key) => key in said && typeof said[key as keyof typeof said] === "string") &&
    "number" in said &&
    typeof said.number === "number" &&
    "body" in said
  if (!isEvent) throw notALog(`${path}:${number}`, "this line is no event")
  return said as unknown as Line
}

const parseJson = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const notALog = (at: string, why: string): FireclayError =>
  new FireclayError("FC_USAGE", `this is no exported log: ${why}`, { at, remedy: "fireclay audit export > log.jsonl" })
