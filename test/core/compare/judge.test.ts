import { describe, expect, it } from "vitest"
import { type Answer, type Question, questions } from "../../../src/core/compare/answers.ts"
import type { Comparison } from "../../../src/core/compare/document.ts"
import { judge } from "../../../src/core/compare/judge.ts"
import { byReplacement, exampleComparison, inPlace } from "../../support/comparison.ts"

const verdictOf = (comparison: Comparison, question: Question): readonly string[] =>
  judge(comparison).answers.find((answer) => answer.question === question)?.verdict ?? []

describe("a judged comparison", () => {
  it("answers every question, and says the same each time", () => {
    const comparison = exampleComparison()
    const answers = judge(comparison)
    expect(answers.answers.map(({ question }) => question)).toEqual(questions)
    for (const { verdict, measures } of answers.answers) {
      expect(verdict.length).toBeGreaterThan(0)
      expect(measures.length).toBeGreaterThan(0)
    }
    expect(judge(structuredClone(comparison))).toEqual(answers)
    expect(JSON.parse(JSON.stringify(answers))).toEqual(answers)
  })

  it("names each measure once", () => {
    const names = judge(exampleComparison()).answers.flatMap(({ measures }) => measures.map(({ name }) => name))
    expect(names).toEqual([...new Set(names)])
  })

  it("has a model of each way, for the update and for growing", () => {
    expect(judge(exampleComparison()).models.map(({ way, what }) => `${what}: ${way}`)).toEqual([
      "update: in place, rolling",
      "update: by replacement, blue-green",
      "grow: in place, rolling",
      "grow: by replacement, blue-green",
    ])
  })

  it("says of what was left out that it was not measured", () => {
    const { answers, models } = judge({ ...exampleComparison(), trials: [], faults: [], scale: [], drift: [] })
    expect(answers.map(({ verdict }) => verdict)).toEqual(questions.map(() => ["Not measured."]))
    expect(models).toEqual([])
  })

  it("says of few runs that they are too few", () => {
    const judged = judge(exampleComparison({ runs: 4 }))
    const sentence = "Too few runs to tell a difference: it takes 5 of each way."
    for (const { verdict } of judged.answers.slice(0, 5)) expect(verdict).toContain(sentence)
    const lossy = exampleComparison({ runs: 4, noise: 1e-9, profiles: [{ ...inPlace, failed: 1 }, byReplacement] })
    expect(verdictOf(lossy, "Error rate")[0]).toBe(
      "In place lost 16 of 20,400 requests; by replacement 0 of 15,000: too few runs to tell.",
    )
  })

  it("leaves out figures that are none", () => {
    const comparison = exampleComparison()
    const noLatency = { p50: Number.NaN, p99: Number.NaN, p999: Number.NaN }
    const latencyMs = { before: noLatency, during: noLatency, after: noLatency }
    const trials = comparison.trials.map((trial) => ({ ...trial, requests: { ...trial.requests, latencyMs } }))
    const names = judge({ ...comparison, trials }).answers.flatMap(({ measures }) => measures.map(({ name }) => name))
    expect(names).toContain("update, slow requests")
    expect(names).not.toContain("update, p50 after it")
  })
})

describe("the measures", () => {
  const measuresOf = (question: Question): Answer["measures"] =>
    judge(exampleComparison()).answers.find((answer) => answer.question === question)?.measures ?? []
  it.each<[Question, readonly string[]]>([
    [
      "Deployment time",
      [
        "update, building before it",
        "update, until the first answer of the new version",
        "update, until all answers are of the new version",
        "update, building and until all answers are of the new version",
        "update, until nothing of it is left to do",
        "rollback, until all answers are of the new version",
        "one file changed, building before it",
        "one file changed, until all answers are of the new version",
        "one file changed, building and until all answers are of the new version",
        "one package changed, building before it",
        "one package changed, until all answers are of the new version",
        "one package changed, building and until all answers are of the new version",
      ],
    ],
    ["Scalability", ["update 8 machines", "grow from 4 to 8 machines"]],
    ["Drift", ["changes by hand that could be made", "changes by hand that are left after the next delivery"]],
  ])("of %s", (question, names) => {
    expect(measuresOf(question).map(({ name }) => name)).toEqual(names)
  })

  it("have a figure of each way, in the order of the ways", () => {
    for (const { spreads } of measuresOf("Resource use"))
      expect(spreads.map(({ way, runs }) => `${way}: ${runs.length}`)).toEqual([
        "in place, rolling: 5",
        "by replacement, blue-green: 5",
      ])
  })
})

describe("a version that is slower by 20 ms", () => {
  const slow = { ...inPlace, way: { ...inPlace.way, name: "in place, slow" }, p50Ms: 25 }
  const quick = { ...inPlace, p50Ms: 5 }

  it.each([1, 2, 3, 4, 5])("is seen where one way serves it (%d)", (seed) => {
    const { answers } = judge(exampleComparison({ seed, noise: 0.1, profiles: [quick, slow] }))
    const measure = answers.flatMap(({ measures }) => measures).find(({ name }) => name === "update, p50 after it")
    expect(measure?.difference).toMatchObject({ clear: true, better: "in place, rolling", worse: "in place, slow" })
  })

  it.each([1, 2, 3, 4, 5])("is seen where both serve it after the update (%d)", (seed) => {
    const comparison = exampleComparison({ seed, noise: 0.1, profiles: [quick, { ...byReplacement, p50Ms: 5 }] })
    const slower: Comparison = {
      ...comparison,
      trials: comparison.trials.map((trial) => {
        const { after, ...others } = trial.requests.latencyMs
        const late = { p50: after.p50 + 20, p99: after.p99 + 20, p999: after.p999 + 20 }
        return { ...trial, requests: { ...trial.requests, latencyMs: { ...others, after: late } } }
      }),
    }
    expect(verdictOf(slower, "Error rate").at(-1)).toMatch(
      /^The new version answers slower, whatever the way: p50 2\d ms after the update, \d(\.\d)? ms before/,
    )
    expect(verdictOf(comparison, "Error rate").join()).not.toContain("new version answers")
  })
})
