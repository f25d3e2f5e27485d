import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** The work of all sides: how many of each, and what stands in them. */
export interface Work {
  readonly files: readonly string[]
  readonly templates: readonly string[]
  readonly directories: readonly string[]
  readonly users: readonly string[]
  readonly lines: readonly string[]
  readonly links: readonly string[]
  readonly commands: readonly string[]
}

/** 100 resources, or a multiple of them in the same mixture; accounts and commands stay few, as on a real server. */
export const workOf = (resources: 100 | 1000): Work => {
  const more = resources === 1000 ? 900 : 0
  return {
    files: upTo(60 + more),
    templates: upTo(10),
    directories: upTo(10),
    users: upTo(5),
    lines: upTo(5),
    links: upTo(5),
    commands: upTo(5),
  }
}

/** Writes the sources that all sides send: `files/N.conf`, about 2 KB each, and `templates/N.conf`. */
export const writeSources = (directory: string, work: Work): void => {
  for (const part of ["files", "templates"]) {
    rmSync(join(directory, part), { recursive: true, force: true })
    mkdirSync(join(directory, part), { recursive: true })
  }
  for (const number of work.files) writeFileSync(join(directory, "files", `${number}.conf`), textOf(number, 40))
  for (const number of work.templates)
    writeFileSync(join(directory, "templates", `${number}.conf`), `listen {{ port }}\n${textOf(number, 20)}`)
}

/** Another content for the first file, of the same size. */
export const changeOneFile = (directory: string, turn: string): void =>
  writeFileSync(join(directory, "files", "001.conf"), `# turn ${turn} of ${directory}\n${textOf("001", 40)}`)

/** What a template becomes, for the sides that have no templates. */
export const filledTemplate = (number: string): string => `listen ${8000 + Number(number)}\n${textOf(number, 20)}`

export const textOf = (number: string, count: number): string =>
  upTo(count)
    .map((line) => `setting.${line}.of.file.${number} = a value of some length ${line}${number}\n`)
    .join("")

/** The file that gets a line, as it stands before. */
export const linesBefore = (number: string): string => textOf(number, 20)

const upTo = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(index + 1).padStart(3, "0"))
