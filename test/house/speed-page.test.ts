import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { type ConvergeDocument, withSpeeds } from "../../bench/converge/page.ts"
import { type RowsDocument, withRows } from "../../bench/support/page.ts"

const read = (path: string): string => readFileSync(join(import.meta.dirname, "../..", path), "utf8")

const page = read("docs/reference/speed.md")

it("has the figures of the run of bench:converge that is kept", () => {
  const run = JSON.parse(read("bench/results/converge.json")) as ConvergeDocument
  expect(withSpeeds(page, run)).toBe(page)
})

it.each(["rollout", "drift"])("has the figures of the run of bench:%s that is kept", (name) => {
  const run = JSON.parse(read(`bench/results/${name}.json`)) as RowsDocument
  expect(withRows(page, name, run)).toBe(page)
})
