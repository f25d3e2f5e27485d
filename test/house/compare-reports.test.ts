import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { changes, faults } from "../../src/core/compare/document.ts"
import { judge } from "../../src/core/compare/judge.ts"
import { comparisonIn, redraw } from "../support/compare-report.ts"

const directory = join(import.meta.dirname, "../../docs/compare")
const read = (name: string): string => readFileSync(join(directory, name), "utf8")
const reports = readdirSync(directory).filter((name) => name.endsWith(".html"))

describe("the reports of docs/compare", () => {
  it("are all linked, and all there", () => {
    const linked = [...read("README.md").matchAll(/\]\(([\w-]+\.html)\)/g)].map(([, name]) => name)
    expect(linked.toSorted()).toEqual(reports.toSorted())
    expect(reports.length).toBeGreaterThan(0)
  })

  it.each(reports)("%s recommends what the table says", (name) => {
    const row = read("README.md")
      .split("\n")
      .find((line) => line.includes(`(${name})`))
    expect(row?.split("|").at(-2)?.trim()).toBe(judge(comparisonIn(read(name))).recommendation.choice)
  })

  it.each(reports)("%s is whole, and of a commit", (name) => {
    const { commit, runs, ways, trials, faults: wrong, drift, spec } = comparisonIn(read(name))
    expect(commit).toMatch(/^[0-9a-f]{40}$/)
    expect(read(name)).toContain(commit?.slice(0, 12))
    expect(spec).not.toBe("")
    expect(runs).toBeGreaterThanOrEqual(5)
    expect(trials).toHaveLength(ways.length * runs * changes.length)
    expect(wrong).toHaveLength(ways.length * runs * faults.length)
    expect(drift.length).toBeGreaterThan(ways.length * 8)
  })

  it.each(reports)(
    "%s says what the present code reads in its numbers: else npm run compare:examples -- --redraw",
    (name) => {
      // Compared as one: what differs is too long to be shown.
      expect(redraw(read(name)) === read(name)).toBe(true)
    },
  )
})
