import type { DriftNews } from "../../core/index.ts"
import type { Output } from "../output.ts"
import { printable } from "./printable.ts"

type Paint = Output["paint"]

/** When, where, and what: a line for each. */
export const renderNews = ({ at, machine, ...news }: DriftNews, paint: Paint): string => {
  const [color, sign] = signs[news.news]
  return `${at.slice(0, 19).replace("T", " ")}  ${machine}  ${paint(color, sign)} ${printable(describe(news))}`
}

const signs = {
  new: ["yellow", "+"],
  gone: ["green", "-"],
  seen: ["red", "!"],
  away: ["red", "✗"],
  back: ["green", "✓"],
  answered: ["green", "✓"],
  unanswered: ["red", "✗"],
} as const

const describe = ({ news, finding, difference, problem, answered }: Omit<DriftNews, "at" | "machine">): string => {
  if (news === "back") return "can be looked at again"
  if (answered !== undefined) return describeAnswer(answered)
  if (news === "unanswered") return `nothing could be done about it: ${problem?.code}  ${problem?.message}`
  if (news === "away") return problem === undefined ? "is not there any more" : `${problem.code}  ${problem.message}`
  if (difference !== undefined) {
    const properties = [...new Set(difference.changes.map(({ property }) => property))].join(", ")
    return news === "gone"
      ? `${difference.id}  as described again`
      : `${difference.id}  not as described: ${properties}`
  }
  if (finding === undefined) return ""
  const { kind, what, change, details, owner, package: owned } = finding
  if (news === "gone") return `${kind} ${what}  ${change === "added" ? "is gone" : "is as it was again"}`
  return [
    `${kind} ${what}`,
    [change, ...details].filter((word) => word !== "").join(", "),
    owner,
    owned === undefined ? undefined : `of ${owned}`,
  ]
    .filter((word) => word !== undefined)
    .join("  ")
}

const describeAnswer = ({ fixed, replaced }: NonNullable<DriftNews["answered"]>): string => {
  if (replaced !== undefined)
    return `replaced by clean ones: ${replaced.evidence.map(({ machine }) => machine).join(", ")}`
  const machines = fixed?.machines ?? []
  return machines.length === 0
    ? "there was nothing to do about it any more"
    : machines.map((each) => `${each.machine}: ${each.fixed.length} put right`).join(", ")
}
