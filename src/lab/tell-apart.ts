import { createHash } from "node:crypto"
import type { Classify } from "../probes/index.ts"
import type { ComparisonWant } from "./want.ts"

/** How it is told which version answered. */
export interface TellApart {
  readonly by: "body" | "pattern" | "rollout"
  readonly classify: Classify
}

export const [oldName, newName, otherName] = ["old", "new", "other"] as const

/**
 * Pure. With a pattern its first group says the version. Without one, the answers of both versions are known: where none of
 * them is given by both, an answer says which version it is of; else only the rollout itself says what serves.
 */
export const tellApart = (
  { pattern }: Pick<ComparisonWant, "pattern">,
  answers: { readonly from: readonly string[]; readonly to: readonly string[] },
): TellApart => {
  const by = pattern === undefined ? "body" : "pattern"
  const key = pattern === undefined ? digestOf : firstGroup(new RegExp(pattern))
  const [from, to] = [new Set(answers.from.map(key)), new Set(answers.to.map(key))]
  const both = [...from].some((each) => to.has(each))
  // A page that is another at each look tells nothing.
  if (both || from.size > mostPages || to.size > mostPages) return { by: "rollout", classify: () => otherName }
  return {
    by,
    classify: (body) => {
      const name = key(body)
      return to.has(name) ? newName : from.has(name) ? oldName : otherName
    },
  }
}

const mostPages = 8

const digestOf = (body: string): string => createHash("sha256").update(body).digest("base64")

const firstGroup =
  (pattern: RegExp) =>
  (body: string): string =>
    pattern.exec(body)?.[1] ?? ""

/** Some answers of what serves now. */
export const collectAnswers = async (url: string, count = 24): Promise<readonly string[]> => {
  const answers: string[] = []
  for (let index = 0; index < count; index += 1) {
    const response = await fetch(url, { headers: { connection: "close" } })
    if (response.ok) answers.push(await response.text())
    else await response.arrayBuffer()
  }
  return answers
}
