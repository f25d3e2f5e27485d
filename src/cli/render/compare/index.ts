export { renderComparison } from "./report.ts"
export { renderComparisonText } from "./text.ts"
