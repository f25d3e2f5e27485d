import type { Recommendation } from "../../../core/compare/answers.ts"

/** What to do, in words. */
export const choices: { readonly [choice in Recommendation["choice"]]: string } = {
  "in place": "Deliver in place",
  "by replacement": "Deliver by replacement",
  "immutable base, configuration in place": "Replace machines for the base, change configuration in place",
  either: "Either way serves",
}

/** What became of a rule when it was asked. */
export const standing = ({ held, decided }: Recommendation["rules"][number]): string =>
  decided ? "It held, and decided." : held ? "It held." : "It did not hold."

/** So many sentences of a verdict stand where all questions are looked at together. */
export const shortVerdict = 4
