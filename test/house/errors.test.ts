import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { errorCodes } from "../../src/contract/index.ts"

const directory = join(import.meta.dirname, "../../docs/errors")
const pages = readdirSync(directory).filter((name) => /^FC_.*\.md$/.test(name))
const codes = Object.keys(errorCodes)

describe("the pages of docs/errors", () => {
  it("are one for each code, and no more", () => {
    expect(pages.map((name) => name.replace(/\.md$/, "")).sort()).toEqual([...codes].sort())
  })

  it.each(pages)("%s says what it means and what to do", (name) => {
    const text = readFileSync(join(directory, name), "utf8")
    expect(text).toMatch(new RegExp(`^# .*${name.replace(/\.md$/, "")}`, "m"))
    for (const title of ["What it means", "What to do"]) expect(sectionOf(text, title), title).toMatch(/\S/)
  })
})

/** What stands below a heading, up to the next one. */
const sectionOf = (text: string, title: string): string =>
  text
    .split(/^## /m)
    .find((part) => part.startsWith(`${title}\n`))
    ?.slice(title.length) ?? ""
