import { renderComparison } from "../../src/cli/render/compare/index.ts"
import { type Comparison, judge } from "../../src/core/index.ts"

/** The measurements that a report has in it. */
export const comparisonIn = (page: string): Comparison => {
  const [, text = ""] = /<script type="application\/json"[^>]*>(.*?)<\/script>/s.exec(page) ?? []
  return JSON.parse(text) as Comparison
}

/** What the present code says of the measurements of a report. */
export const redraw = (page: string): string => {
  const comparison = comparisonIn(page)
  return renderComparison(comparison, judge(comparison))
}
