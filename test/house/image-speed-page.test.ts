import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { type ConvergeDocument, withSpeeds } from "../../bench/converge/page.ts"

const read = (path: string): string => readFileSync(join(import.meta.dirname, "../..", path), "utf8")

it("has the figures of the run that is kept", () => {
  const page = read("docs/reference/image-speed.md")
  const run = JSON.parse(read("bench/results/images.json")) as ConvergeDocument
  expect(withSpeeds(page, run)).toBe(page)
})
