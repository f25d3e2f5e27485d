import { describe, expect, it } from "vitest"
import type { Recommendation } from "../../../src/core/compare/answers.ts"
import type { Comparison } from "../../../src/core/compare/document.ts"
import { recommend } from "../../../src/core/compare/recommend.ts"
import { byReplacement, exampleComparison, inPlace, type Profile } from "../../support/comparison.ts"

const unsound = (profile: Profile): Profile => ({
  ...profile,
  faults: { ...profile.faults, "a bad version": { ...profile.faults["a bad version"], sound: false } },
})

/** As good as in place in everything, but for what is said. */
const alike = (but: Partial<Profile> = {}): Profile => ({
  ...inPlace,
  way: byReplacement.way,
  buildSeconds: { update: 0, rollback: 0, file: 0, package: 0 },
  ...but,
})

const slowBuild: Profile = { ...byReplacement, buildSeconds: { update: 300, rollback: 0, file: 240, package: 320 } }

const tidy = (profile: Profile): Profile => ({ ...profile, drift: { "a file was edited": "gone" } })

interface Row {
  readonly name: string
  readonly profiles: readonly Profile[]
  readonly also?: Partial<Comparison>
  readonly choice: Recommendation["choice"]
  readonly rule: string
  readonly saw: string
}

const rows: readonly Row[] = [
  {
    name: "one delivery only",
    profiles: [inPlace, { ...inPlace, way: { ...inPlace.way, name: "again" } }],
    choice: "either",
    rule: "there is nothing to choose",
    saw: "all in place",
  },
  {
    name: "a replacement that ends unsound",
    profiles: [inPlace, unsound(byReplacement)],
    choice: "in place",
    rule: "not of one release, is not chosen",
    saw: "0 of 20 faults ended so in place, 5 of 20 faults ended so by replacement",
  },
  {
    name: "in place that ends unsound, whatever the data",
    profiles: [unsound(inPlace), byReplacement],
    also: { hasExclusiveVolume: true },
    choice: "by replacement",
    rule: "not of one release, is not chosen",
    saw: "5 of 20 faults ended so in place",
  },
  {
    name: "requests lost in place",
    profiles: [{ ...inPlace, failed: 40 }, byReplacement],
    choice: "by replacement",
    rule: "loses more requests is not chosen",
    saw: "800 of 25,500 requests lost in place, 0 of 18,750 requests lost by replacement",
  },
  {
    name: "a volume that one machine holds",
    profiles: [inPlace, byReplacement],
    also: { hasExclusiveVolume: true },
    choice: "in place",
    rule: "Data on a volume",
    saw: "the spec has such a volume",
  },
  {
    name: "drift in place, and replacement soon enough",
    profiles: [inPlace, byReplacement],
    choice: "by replacement",
    rule: "changes by hand stay in place",
    saw: "3 of 5 changes left in place, 0 of 5 changes left by replacement; to build and deploy: 4.2 s in place, 14 s by replacement",
  },
  {
    name: "drift in place, but replacement takes minutes",
    profiles: [inPlace, slowBuild],
    choice: "immutable base, configuration in place",
    rule: "one changed file is at least 2 × as fast in place",
    saw: "one changed file: 1.4 s in place, 4.1 min by replacement; replacing is clearly better at deploying what is built, rolling back, being safe from a bad version and drift",
  },
  {
    name: "safety alone",
    profiles: [tidy(inPlace), tidy(alike({ faults: byReplacement.faults }))],
    choice: "by replacement",
    rule: "safe again sooner",
    saw: "of 4 kinds of faults 0 in place, 4 by replacement",
  },
  {
    name: "time alone",
    profiles: [inPlace, alike({ buildSeconds: { update: 20, rollback: 0, file: 20, package: 20 } })],
    choice: "in place",
    rule: "faster to build and deploy the update",
    saw: "4.2 s in place, 24 s by replacement",
  },
  {
    name: "rollback alone",
    profiles: [inPlace, alike({ allSeconds: { ...inPlace.allSeconds, rollback: 0.4 } })],
    choice: "by replacement",
    rule: "faster to roll back",
    saw: "3.9 s in place, 0.4 s by replacement",
  },
  {
    name: "resources alone",
    profiles: [inPlace, alike({ use: byReplacement.use })],
    choice: "in place",
    rule: "needs less of more kinds of resources",
    saw: "of 5 kinds of resources 4 in place, 0 by replacement",
  },
  {
    name: "nothing",
    profiles: [inPlace, alike()],
    choice: "either",
    rule: "none of the other rules holds",
    saw: "no rule above held",
  },
]

describe("the recommendation", () => {
  it.each(rows)("for $name is $choice", ({ profiles, also, choice, rule, saw }) => {
    const found = recommend({ ...exampleComparison({ noise: 1e-9, profiles }), ...also })
    const decided = found.rules.filter((one) => one.decided)
    expect(found.choice).toBe(choice)
    expect(decided).toEqual([
      { rule: expect.stringContaining(rule), saw: expect.stringContaining(saw), held: true, decided: true },
    ])
    expect(found.because[0]).toBe(decided[0]?.rule)
    expect(found.rules.findIndex(({ held }) => held)).toBe(found.rules.findIndex((one) => one.decided))
  })

  it("says which of several strategies it held against each other", () => {
    const slow = { ...inPlace, way: { ...inPlace.way, name: "slow" }, allSeconds: { ...inPlace.allSeconds, update: 9 } }
    const { because } = recommend(exampleComparison({ profiles: [slow, inPlace, byReplacement] }))
    expect(because.at(-1)).toBe(
      "Of the ways that were compared, “in place, rolling” and “by replacement, blue-green” were held against each other.",
    )
  })

  it("does not go by differences that few runs do not show", () => {
    const found = recommend(exampleComparison({ runs: 3, profiles: [tidy(inPlace), tidy(byReplacement)] }))
    expect(found).toMatchObject({ choice: "either" })
  })
})
