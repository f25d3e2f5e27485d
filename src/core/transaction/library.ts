import { readFile } from "node:fs/promises"
import type { Step } from "../../contract/index.ts"

/** Written one by one, so that a bundler sees them. */
const always = [
  new URL("./library/main.sh", import.meta.url),
  new URL("./library/fence.sh", import.meta.url),
  new URL("./library/boot.sh", import.meta.url),
  new URL("./library/steps.sh", import.meta.url),
  new URL("./library/paths.sh", import.meta.url),
  new URL("./library/accounts.sh", import.meta.url),
  new URL("./library/units.sh", import.meta.url),
  new URL("./library/commands.sh", import.meta.url),
  new URL("./library/secrets.sh", import.meta.url),
]

const stale = new URL("./library/stale.sh", import.meta.url)

const managers = [
  new URL("./library/packages.sh", import.meta.url),
  new URL("./library/upgrades.sh", import.meta.url),
  stale,
  new URL("./library/package-lock.sh", import.meta.url),
  new URL("./library/package-state.sh", import.meta.url),
  new URL("./library/apt.sh", import.meta.url),
  new URL("./library/dnf.sh", import.meta.url),
  new URL("./library/apk.sh", import.meta.url),
]

const ahead = [new URL("./library/foresee.sh", import.meta.url)]

/** What these steps need on the machine: packages take more than all the rest, and seldom change. */
export const libraryFor = async (steps: readonly Step[]): Promise<string> => {
  const packages = steps.some((step) => "packages" in step)
  return `${await read([...always, ...(packages ? managers : [])])}\nmain "$@"\n`
}

/** What questions about packages need: it looks, and that is all. */
export const foreseeLibrary = (): Promise<string> => read([...managers, ...ahead])

/** The verbs of the package managers, for scripts of others. */
export const packageLibrary = (): Promise<string> => read(managers)

/** What says whether a machine has to be started anew. */
export const staleLibrary = (): Promise<string> => read([stale])

const texts = new Map<string, Promise<string>>()

const read = async (parts: readonly URL[]): Promise<string> => {
  const all = parts.map((part) => {
    const text = texts.get(part.href) ?? readFile(part, "utf8")
    texts.set(part.href, text)
    return text
  })
  return (await Promise.all(all)).join("\n")
}
