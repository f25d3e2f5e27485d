import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { type FaultsDocument, withFigures } from "../support/faults/report.ts"
import { varying } from "../support/faults/varies.ts"

const page = readFileSync(join(import.meta.dirname, "../../docs/reference/undo.md"), "utf8")

it("names every path that the fault matrix does not compare, with the reason", () => {
  const [, rows = ""] = page.split("## What is not compared")
  const shown = [...rows.matchAll(/^\| `(.*)` \| (.*) \|$/gm)].map(([, path, why]) => ({ path, why }))
  expect(shown).toEqual(varying)
})

it("has the figures of the run that is kept", () => {
  const results = join(import.meta.dirname, "../../bench/results/faults.json")
  const figures = /<!-- figures -->\n([\s\S]*)<!-- \/figures -->/.exec(page)?.[1]
  if (!existsSync(results)) expect(figures).toContain("once the command has run")
  else expect(withFigures(page, JSON.parse(readFileSync(results, "utf8")) as FaultsDocument)).toBe(page)
})
