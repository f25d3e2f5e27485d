import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const here = fileURLToPath(import.meta.url)

/** This package's own directory, from its sources as from a bundle, whose files may be laid out in any way. */
export const packageDirectory = (): string => {
  for (let directory = dirname(here); ; directory = dirname(directory)) {
    if (existsSync(join(directory, "package.json"))) return directory
    if (directory === dirname(directory)) throw new Error(`no package.json above ${here}`)
  }
}

/** URL of one of the library's entries, such as `resources/index`, that shares its modules with this command line. */
export const libraryEntry = (name: string): string =>
  pathToFileURL(join(packageDirectory(), ...(here.endsWith(".ts") ? ["src", `${name}.ts`] : ["dist", `${name}.js`])))
    .href

/** How this very command line is started again: program and first arguments. */
export const ownCommand = (): readonly string[] => [
  process.execPath,
  ...process.execArgv,
  join(packageDirectory(), "bin", "fireclay.js"),
]

/** Which version of the package this is. */
export const ownVersion = (): string => {
  const text = readFileSync(join(packageDirectory(), "package.json"), "utf8")
  return (JSON.parse(text) as { readonly version: string }).version
}
