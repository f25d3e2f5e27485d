import type { ComparedLives } from "../../core/index.ts"
import type { Output } from "../output.ts"
import { choiceOf, livesTable, period, tellPairs, timesNote } from "./lives-rows.ts"
import { table } from "./table.ts"

type Paint = Output["paint"]

/** What fleets have lived through, side by side, and what follows from it for each. */
export const renderLives = (compared: ComparedLives, paint: Paint): string => {
  const { heads, rows } = livesTable(compared)
  const pairs = tellPairs(compared).map(([fleets, told]) => `${fleets}  ${told}`)
  return [
    compared.fleets.map((life) => `${life.fleet}  ${period(life)}`).join("\n"),
    `${table(heads, rows)}\n${timesNote}`,
    ...(pairs.length === 0 ? [] : [pairs.join("\n")]),
    ...compared.recommendations.map((advice) => renderAdvice(advice, paint)),
  ].join("\n\n")
}

const renderAdvice = (
  { fleet, choice, because, rules }: ComparedLives["recommendations"][number],
  paint: Paint,
): string =>
  [
    `${paint("bold", fleet)}: ${choiceOf(choice)}`,
    ...because.map((sentence) => `  ${sentence}`),
    ...rules.flatMap(({ rule, saw, held, decided }) => {
      const sign = decided ? paint("green", "▸") : held ? paint("dim", "✓") : paint("dim", "·")
      const word = decided ? "  (decided)" : held ? "  (held too)" : ""
      return [`  ${sign} ${rule}${paint("bold", word)}`, paint("dim", `      ${saw}`)]
    }),
  ].join("\n")
