import { expect, it } from "vitest"
import type { Question } from "../../../src/core/compare/answers.ts"
import { judge } from "../../../src/core/compare/judge.ts"
import { byReplacement, exampleComparison, inPlace, type Profile } from "../../support/comparison.ts"

const fleet = inPlace.use.fleet

const lossy: Profile = { ...inPlace, failed: 41 }

const unsound: Profile = {
  ...inPlace,
  faults: {
    ...inPlace.faults,
    "a machine is killed": {
      ...inPlace.faults["a machine is killed"],
      sound: false,
      state: "one machine at the old release",
      needed: "fireclay rollback",
    },
  },
}

const named = (profile: Profile, name: string): Profile => ({ ...profile, way: { ...profile.way, name } })

/** Without noise: what a sentence says of figures that are known. */
it.each<[Question, string, readonly Profile[]]>([
  ["Deployment time", "By replacement was 1.4 × faster to deploy: 3.1 s against 4.2 s.", [inPlace, byReplacement]],
  ["Deployment time", "By replacement was 9.8 × faster to roll back: 0.4 s against 3.9 s.", [inPlace, byReplacement]],
  ["Deployment time", "In place was 3.4 × faster to build and deploy: 4.2 s against 14 s.", [inPlace, byReplacement]],
  [
    "Deployment time",
    "In place was 5.5 × faster to build and deploy one changed file: 1.4 s against 7.7 s.",
    [inPlace, byReplacement],
  ],
  ["Deployment time", "By replacement bakes an image before the update: 11 s.", [inPlace, byReplacement]],
  ["Deployment time", "No clear difference.", [named(inPlace, "one"), named(inPlace, "two")]],
  [
    "Deployment time",
    "“three” was slower than the fastest to deploy (2 ×, 8.4 s against 4.2 s), to the first new answer (2 ×, 2.8 s against 1.4 s) and to finish (1.9 ×, 9 s against 4.8 s).",
    [
      named(inPlace, "one"),
      named(inPlace, "two"),
      named({ ...inPlace, allSeconds: { ...inPlace.allSeconds, update: 8.4 } }, "three"),
    ],
  ],
  [
    "Resource use",
    "By replacement needed 2.3 × the CPU time of the machines (5.9 s against 2.6 s).",
    [inPlace, { ...byReplacement, use: { ...inPlace.use, fleet: { ...fleet, cpuSeconds: 5.9 } } }],
  ],
  [
    "Resource use",
    "In place needed machine time beyond the steady need (10 machine seconds against none).",
    [
      { ...inPlace, use: { ...inPlace.use, fleet: { ...fleet, extraMachineSeconds: 10 } } },
      { ...byReplacement, use: inPlace.use },
    ],
  ],
  [
    "Resource use",
    "“three” needed, against the way with the least, 2 × the network traffic (6 MB against 3 MB).",
    [
      named(inPlace, "one"),
      named(inPlace, "two"),
      named({ ...inPlace, use: { ...inPlace.use, fleet: { ...fleet, networkBytes: 6_000_000 } } }, "three"),
    ],
  ],
  ["Resource use", "No clear difference in network traffic.", [inPlace, byReplacement]],
  ["Error rate", "No way lost a request: 0 of 25,500 in place, 0 of 18,750 by replacement.", [inPlace, byReplacement]],
  ["Error rate", "In place lost 820 of 25,500 requests; by replacement 0 of 18,750.", [lossy, byReplacement]],
  [
    "Error rate",
    "In place lost 820 of 25,500 requests; by replacement 820 of 18,750: no clear difference.",
    [lossy, { ...byReplacement, failed: 41 }],
  ],
  [
    "Error rate",
    "In place had 4 × the slow requests (12 against 3) and 1.4 × the time with two versions (2.8 s against 2 s).",
    [inPlace, byReplacement],
  ],
  [
    "Scalability",
    "By replacement was 1.9 × faster to update 8 machines: 5.2 s against 10 s.",
    [inPlace, byReplacement],
  ],
  [
    "Scalability",
    "By replacement was 2.3 × faster to grow from 4 to 8 machines: 3.8 s against 8.6 s.",
    [inPlace, byReplacement],
  ],
  [
    "Scalability",
    "In place, to update: 0.8 s + 1.15 s × machines, measured from 1 to 8 machines; at 10,000 that would be 3.2 h (3.2 h to 3.2 h).",
    [inPlace, byReplacement],
  ],
  [
    "Scalability",
    "By these models by replacement would be faster to update 10,000 machines.",
    [inPlace, byReplacement],
  ],
  [
    "What goes wrong",
    "By replacement was 3 × faster to be safe again when a step fails: 0.4 s against 1.2 s.",
    [inPlace, byReplacement],
  ],
  [
    "What goes wrong",
    "In place had 2.3 × the failed requests when a machine is killed (41 against 18) and 2.3 × the failed requests with a bad version (320 against 140).",
    [inPlace, byReplacement],
  ],
  [
    "What goes wrong",
    "After every fault all members were well and of one release, whichever way.",
    [inPlace, byReplacement],
  ],
  [
    "What goes wrong",
    "In place ended with members that were not well or not of one release in 5 of 20 faults: when a machine is killed.",
    [unsound, byReplacement],
  ],
  [
    "What goes wrong",
    "When a step fails: whichever way all of it at the old release, and nothing had to be done.",
    [inPlace, byReplacement],
  ],
  [
    "What goes wrong",
    "When a machine is killed: in place one machine at the old release, and it took fireclay rollback; by replacement all of it at the new release, and nothing had to be done.",
    [unsound, byReplacement],
  ],
  [
    "Drift",
    "In place, of 5 changes by hand: 3 left after the next delivery, 2 gone and 0 refused.",
    [inPlace, byReplacement],
  ],
  [
    "Drift",
    "By replacement, of 5 changes by hand: 0 left after the next delivery, 1 gone and 4 refused.",
    [inPlace, byReplacement],
  ],
  [
    "Drift",
    "Left in place: a package was installed, a user was added and a file was put into /etc.",
    [inPlace, byReplacement],
  ],
  ["Drift", "No clear difference.", [named(inPlace, "one"), named(inPlace, "two")]],
])("%s: %s", (question, sentence, profiles) => {
  const { answers } = judge(exampleComparison({ noise: 1e-9, profiles }))
  expect(answers.find((answer) => answer.question === question)?.verdict).toContain(sentence)
})
