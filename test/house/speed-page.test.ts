import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { type ConvergeDocument, withSpeeds } from "../../bench/converge/page.ts"
import { type RolloutDocument, withRollouts } from "../../bench/rollout/page.ts"

const read = (path: string): string => readFileSync(join(import.meta.dirname, "../..", path), "utf8")

const page = read("docs/reference/speed.md")

it("has the figures of the run of bench:converge that is kept", () => {
  const run = JSON.parse(read("bench/results/converge.json")) as ConvergeDocument
  expect(withSpeeds(page, run)).toBe(page)
})

it("has the figures of the run of bench:rollout that is kept", () => {
  const run = JSON.parse(read("bench/results/rollout.json")) as RolloutDocument
  expect(withRollouts(page, run)).toBe(page)
})
