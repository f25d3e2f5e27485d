import type { Recommendation } from "./answers.ts"
import type { Comparison } from "./document.ts"
import { rules } from "./rules.ts"
import { type Sides, sidesOf } from "./sides.ts"
import { deliveryNames } from "./told.ts"
import { capital } from "./words.ts"

/** The first rule that holds decides. All of them are shown, with what they saw. */
export const recommend = (comparison: Comparison): Recommendation => {
  const sides = sidesOf(comparison)
  if (sides === undefined) return nothingToChoose(comparison)
  const seen = rules.map(({ rule, look }) => ({ rule, ...look(sides) }))
  const decisive = seen.find(({ choice }) => choice !== undefined)
  const isOpen = decisive === undefined
  const reasons = isOpen ? [otherwise] : [decisive.rule, `${capital(decisive.saw)}.`]
  return {
    choice: decisive?.choice ?? "either",
    because: [...reasons, ...sayStrategies(comparison, sides)],
    rules: [
      ...seen.map((one) => ({
        rule: one.rule,
        saw: one.saw,
        held: one.choice !== undefined,
        decided: one === decisive,
      })),
      { rule: otherwise, saw: isOpen ? "no rule above held" : "a rule above held", held: isOpen, decided: isOpen },
    ],
  }
}

const otherwise = "Where none of the other rules holds, either way does."

const alike = "Where all that was compared is delivered the same way, there is nothing to choose."

const nothingToChoose = ({ ways }: Comparison): Recommendation => {
  const deliveries = [...new Set(ways.map(({ delivery }) => deliveryNames[delivery]))]
  const saw = `all ${deliveries.join(", ")}`
  return {
    choice: "either",
    because: [alike, `${capital(saw)}.`],
    rules: [{ rule: alike, saw, held: true, decided: true }],
  }
}

/** With several strategies of a delivery, one of them was looked at. */
const sayStrategies = ({ ways }: Comparison, { inPlace, replace }: Sides): readonly string[] =>
  ways.length > 2
    ? [`Of the ways that were compared, “${inPlace.way}” and “${replace.way}” were held against each other.`]
    : []
