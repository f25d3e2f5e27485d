import { describe, expect, it } from "vitest"
import { renderComparisonText } from "../../../../src/cli/render/compare/text.ts"
import type { Comparison } from "../../../../src/core/compare/document.ts"
import { exampleComparison } from "../../../support/comparison.ts"
import { answersTo } from "./answers.ts"

const plain = (_style: unknown, text: string): string => text

const textOf = (comparison: Comparison): string => renderComparisonText(comparison, answersTo(comparison), plain)

describe("a comparison in the terminal", () => {
  const lines = textOf(exampleComparison()).split("\n")

  it("says what was compared, with a letter for each way", () => {
    expect(lines.slice(0, 3)).toEqual([
      "web  release 1 → release 2  3 machines, 300 requests a second, 5 runs each",
      "  A  in place, rolling",
      "  B  by replacement, blue-green",
    ])
  })

  it.each([
    /^ {2}update, until all answers are of the new version +4\.37 s \(3\.83–4\.70\) +3\.16 s \(2\.97–3\.43\) +B: 1\.4 × less$/,
    /^ {2}update, build +– +10\.5 s \(9\.58–12\.4\) +only one way has it$/,
    /^ {2}update, p99\.9 during it .* no clear difference$/,
    /^ {2}In place was 2\.1 × faster to deploy\.$/,
    /^ {2}– Scalability beyond 8 machines: The memory/,
    /^Recommendation {2}Deliver by replacement$/,
    /^ {2}In place left 3 of 5 changes by hand, and/,
    /^ {2}1 more figure is without a difference that matters; the report has all of them/,
  ])("has a line like %s", (pattern) => {
    expect(lines.filter((line) => pattern.test(line))).toHaveLength(1)
  })

  it("does not let names move the cursor", () => {
    const text = textOf({
      ...exampleComparison(),
      spec: "a\u001b[2Jb",
      skipped: [{ what: "\u0007", why: "\u001b]0;x" }],
    })
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  })

  it("says so when there is nothing to show", () => {
    const empty = { ...exampleComparison(), trials: [], ways: [] }
    const answers = { ...answersTo(empty), answers: [] }
    expect(renderComparisonText(empty, answers, plain)).toContain("Nothing was measured that differs.")
  })
})
