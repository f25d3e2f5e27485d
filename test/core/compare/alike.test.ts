import { describe, expect, it } from "vitest"
import { judge } from "../../../src/core/compare/judge.ts"
import { byReplacement, exampleComparison, inPlace, type Profile } from "../../support/comparison.ts"

/** The same way, under a second name. */
const again = (profile: Profile): Profile => ({
  ...profile,
  way: { ...profile.way, name: `${profile.way.name}, again` },
})

describe("the same way twice", () => {
  const cases = [inPlace, byReplacement].flatMap((profile) =>
    [0.05, 0.1, 0.15].map((noise) => [profile.way.name, noise, profile] as const),
  )
  it.each(cases)("%s, with noise of %d, shows no clear difference", (_, noise, profile) => {
    const times = 90
    const judged = Array.from({ length: times }, (__, seed) =>
      judge(exampleComparison({ seed: seed + 1, noise, profiles: [profile, again(profile)] })),
    )
    const measures = judged.flatMap(({ answers }) => answers.flatMap((answer) => answer.measures))
    const called = measures.filter(({ difference }) => difference.clear)
    const spoiled = judged.filter(({ answers }) =>
      answers.some((answer) => answer.measures.some(({ difference }) => difference.clear)),
    )
    // One in a hundred figures would still spoil every second comparison.
    expect(called.length / measures.length).toBeLessThan(0.003)
    expect(spoiled.length / times).toBeLessThan(0.1)
    expect(new Set(judged.map(({ recommendation }) => recommendation.choice))).toEqual(new Set(["either"]))
  })
})
