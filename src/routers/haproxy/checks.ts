import type { Backend } from "../../contract/index.ts"
import { inQuotes } from "./quote.ts"

/** How one backend is found well. */
export type Check = NonNullable<Backend["check"]>

/** What the map of checks says, by key. */
export type CheckMap = ReadonlyMap<string, string>

interface Checked {
  readonly id: string
  readonly check: Check
}

/**
 * The lines of a section whose servers are asked by HTTP. HAProxy knows one check for a section; here each server has
 * its own, so that the releases of a rollout may differ. A map in `mapPath` says what to ask for `@ID`, in base64, and
 * has a key for each beginning of `ID/STATUS` that is well.
 */
export const checkLines = (mapPath: string, host: string): readonly string[] => {
  const map = inQuotes(mapPath)
  return [
    "option tcp-check",
    "tcp-check connect",
    "tcp-check set-var(check.id) srv_name",
    `tcp-check set-var(check.path) "str(@),concat(,check.id),map_str(${map},${encoded("/")}),ub64dec"`,
    `tcp-check send-lf "GET %[var(check.path)] HTTP/1.1\\r\\nHost: ${host}\\r\\nConnection: close\\r\\n\\r\\n"`,
    'tcp-check expect min-recv 12 rstring "^HTTP/1\\.[01] [1-5][0-9][0-9]"',
    "tcp-check set-var(check.status) payload(9,3)",
    `tcp-check set-var(check.well) "srv_name,concat(/,check.status),map_beg(${map},${inNoAnswer})"`,
    // Every answer that got here contains what the map says of a status that is well.
    'tcp-check expect string-lf "%[var(check.well)]"',
  ]
}

/** What the map says of all servers. Those that are connected to only are not in it. */
export const checkMap = (servers: readonly Checked[]): CheckMap =>
  new Map(
    servers.flatMap(({ id, check }): readonly (readonly [string, string])[] =>
      check === "connect"
        ? []
        : [
            [`@${id}`, encoded(check.path)],
            ...(check.status ?? ["2", "3"]).map((status) => [`${id}/${status}`, inEveryAnswer] as const),
          ],
    ),
  )

export const renderCheckMap = (map: CheckMap): string => [...map].map(([key, value]) => `${key} ${value}\n`).join("")

/** The commands that make one map of the other. */
export const changeCheckMap = (mapPath: string, have: CheckMap, want: CheckMap): readonly string[] => {
  const map = mapPath.replaceAll(" ", "\\ ")
  return [
    ...[...want].flatMap(([key, value]) => {
      if (have.get(key) === value) return []
      return [`${have.has(key) ? "set" : "add"} map ${map} ${key} ${value}`]
    }),
    ...[...have.keys()].filter((key) => !want.has(key)).map((key) => `del map ${map} ${key}`),
  ]
}

export const showCheckMap = (mapPath: string): string => `show map ${mapPath.replaceAll(" ", "\\ ")}`

/** Undefined when the process has no map, since it checks by connecting only. */
export const readCheckMap = (answer: string): CheckMap | undefined =>
  answer.includes("Unknown map identifier")
    ? undefined
    : new Map([...answer.matchAll(/^0x[0-9a-f]+ (\S+) (\S+)$/gm)].map(([, key = "", value = ""]) => [key, value]))

const inEveryAnswer = "HTTP/1."
const inNoAnswer = "not-well-6d1f0c52e1b34a7f"

const encoded = (path: string): string => Buffer.from(path).toString("base64url")
