import { describe, expect, it } from "vitest"
import { method } from "../../../../src/cli/render/compare/method.ts"
import { renderComparison } from "../../../../src/cli/render/compare/report.ts"
import type { Comparison } from "../../../../src/core/compare/document.ts"
import { byReplacement, exampleComparison, inPlace } from "../../../support/comparison.ts"
import { answersTo } from "./answers.ts"

const reportOf = (comparison: Comparison): string => renderComparison(comparison, answersTo(comparison))

const rawIn = (page: string): unknown =>
  JSON.parse(/<script type="application\/json" id="comparison">(.*)<\/script>/.exec(page)?.[1] ?? "")

const hostile = `</script><script>alert(1)</script>"'&\u202e`

describe("the report of a comparison", () => {
  const page = reportOf(exampleComparison())

  it("answers each question before it shows a figure, and says which rule decided", () => {
    const [verdict, charts] = [page.indexOf("In place was 2.1 × faster to deploy."), page.indexOf("<svg viewBox")]
    expect(verdict).toBeGreaterThan(0)
    expect(verdict).toBeLessThan(charts)
    expect(page.indexOf("Recommendation")).toBeLessThan(charts)
    expect(page).toContain("It held, and decided.")
  })

  it("draws what answered, bars and curves, each with words for who does not see it", () => {
    const drawn = [...page.matchAll(/<svg viewBox="[^"]*" role="img" aria-labelledby="([^"]*)-title"/g)].map(
      ([, id]) => id,
    )
    expect(drawn).toEqual([
      ...["time-0", "time-1", "deployment-time-0", "deployment-time-1", "resource-use-0", "resource-use-1"],
      ...["error-rate-1", "error-rate-0", "scale-update", "scale-grow"],
    ])
    for (const id of drawn) {
      expect(page).toMatch(new RegExp(`<title id="${id}-title">[^<]+</title>`))
      expect(page).toMatch(new RegExp(`<desc id="${id}-desc">[^<]+</desc>`))
    }
    expect(page).not.toMatch(/NaN|Infinity|undefined/)
  })

  it("has no two elements of one name", () => {
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it.each([
    "0.8 s + 1.15 s × machines",
    "Example CPU at 2.5 GHz, 2 processors",
    "commit f7e74f8",
    "still there",
    "could not be made",
  ])("says %s", (words) => {
    expect(page).toContain(words)
  })

  it("tells the whole method", () => {
    for (const { title } of method) expect(page).toContain(`<h3>${title}</h3>`)
  })

  it("carries all that was measured", () => {
    expect(rawIn(page)).toEqual(exampleComparison())
  })
})

describe("a comparison whose names are hostile", () => {
  const profiles = [inPlace, byReplacement].map((profile) => ({
    ...profile,
    way: { ...profile.way, name: `${profile.way.name} ${hostile}` },
  }))
  const comparison: Comparison = {
    ...exampleComparison({ profiles }),
    ...{ project: hostile, spec: hostile, from: hostile, commit: hostile, path: hostile },
    skipped: [{ what: hostile, why: hostile }],
  }
  const page = reportOf(comparison)

  it("is shown as text", () => {
    expect(page).not.toContain("<script>")
    expect(page.match(/<script/g)).toHaveLength(1)
    expect(page.match(/<\/script/g)).toHaveLength(1)
    expect(page).not.toContain("\u202e")
    expect(page).toContain("&lt;/script&gt;")
  })

  it("is still whole as data", () => {
    expect(rawIn(page)).toEqual(comparison)
  })
})

describe("what was not measured", () => {
  const whole = exampleComparison()

  it.each<readonly [string, Partial<Comparison>, readonly string[]]>([
    ["no trials", { trials: [] }, ["No update was measured.", "There are no figures."]],
    [
      "no trials, since nobody wanted them",
      { trials: [], skipped: [{ what: "the update and the way back", why: "--only" }] },
      ["the update and the way back</b>: --only"],
    ],
    [
      "no other sizes, with a reason",
      { scale: [], skipped: [{ what: "Scalability", why: "One machine holds the data." }] },
      ["It was not measured:", "Scalability: One machine holds the data."],
    ],
    [
      "no faults, with a reason",
      { faults: [], skipped: [{ what: "a machine is killed, in place", why: "It has no power button." }] },
      ["a machine is killed, in place: It has no power button."],
    ],
    ["nothing by hand", { drift: [], skipped: [] }, ["It was not measured."]],
  ])("is said: %s", (_, part, words) => {
    const page = reportOf({ ...whole, ...part })
    for (const each of words) expect(page).toContain(each)
    expect(page).not.toMatch(/NaN|Infinity|undefined/)
  })

  it("is no reason to fail: one way, one run, no answer told apart", () => {
    const [first] = exampleComparison({ profiles: [inPlace], runs: 1 }).trials
    const lone: Comparison = {
      ...exampleComparison({ profiles: [inPlace], runs: 1 }),
      trials:
        first === undefined
          ? []
          : [{ ...first, seconds: { all: 0, total: 0 }, timeline: { ...first.timeline, series: {} } }],
      toldBy: "rollout",
    }
    expect(reportOf(lone)).not.toMatch(/NaN|Infinity|undefined/)
  })
})
