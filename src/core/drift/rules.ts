import { type DriftReason, type DriftRules, type IgnoreRule, pathPattern, type Spec } from "../../contract/index.ts"
import { specsBelow } from "../base.ts"
import type { Finding } from "./judge.ts"

/** The rules of a spec and of those that it is based on, as far as they still hold. */
export interface RulesNow extends DriftRules {
  readonly expired: readonly DriftReason[]
}

export const noRules: RulesNow = { ignore: [], watch: [], expired: [] }

export const rulesOf = (spec: Spec, nowMs: number): RulesNow => {
  const all = [...specsBelow(spec), spec].flatMap(({ drift }) => (drift === undefined ? [] : [drift]))
  const [ignore, watch] = [all.flatMap((rules) => rules.ignore), all.flatMap((rules) => rules.watch)]
  const holds = (rule: DriftReason): boolean => !hasExpired(rule, nowMs)
  return {
    ignore: ignore.filter(holds),
    watch: watch.filter(holds),
    expired: [...ignore, ...watch].filter((rule) => !holds(rule)),
  }
}

const dayMs = 86_400_000

/** The day itself is part of it, by UTC. */
const hasExpired = ({ until }: DriftReason, nowMs: number): boolean =>
  until !== undefined && nowMs >= Date.parse(until) + dayMs

/** The place of the first rule that a finding fits; `undefined`: it counts. */
export const ruleFor = (rules: readonly IgnoreRule[], finding: Pick<Finding, "kind" | "what">): number | undefined => {
  const place = rules.findIndex((rule) => fits(rule, finding))
  return place === -1 ? undefined : place
}

const fits = (rule: IgnoreRule, { kind, what }: Pick<Finding, "kind" | "what">): boolean => {
  if (rule.kind !== undefined && rule.kind !== kind) return false
  const pattern = "path" in rule ? rule.path : rule.name
  return pattern === undefined || new RegExp(pathPattern(pattern), "s").test(what)
}

/** What rules hide: it is counted, and listed for those who want to see it. */
export interface Ignored {
  readonly rule: IgnoreRule
  readonly findings: readonly Finding[]
}

/** Findings that count, and those that a rule hides. */
export const withoutIgnored = (
  findings: readonly Finding[],
  rules: readonly IgnoreRule[],
): { readonly undeclared: readonly Finding[]; readonly ignored: readonly Ignored[] } => ({
  undeclared: findings.filter(({ ignoredBy }) => ignoredBy === undefined),
  ignored: rules.flatMap((rule, place) => {
    const hidden = findings.filter(({ ignoredBy }) => ignoredBy === place)
    return hidden.length === 0 ? [] : [{ rule, findings: hidden.map(({ ignoredBy: _, ...finding }) => finding) }]
  }),
})
