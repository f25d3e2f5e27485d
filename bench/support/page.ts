import type { Row } from "./results.ts"

/** What a page shows of a run that is kept. */
export interface RowsDocument {
  readonly commit: string
  readonly date: string
  readonly rows: readonly Row[]
}

/** A page with the rows of a run of milliseconds in the place that it has for them, between `<!-- MARK figures -->` and its end. */
export const withRows = (page: string, mark: string, { commit, date, rows }: RowsDocument): string => {
  const [begins, ends] = [`<!-- ${mark} figures -->\n`, `<!-- /${mark} figures -->`]
  const [before = "", rest = ""] = page.split(begins)
  const lines = rows.map((row) => {
    const goal =
      row.goal === null ? "" : `${row.ratio} of at most ${row.goal.toFixed(1)}: ${row.met ? "met" : "missed"}`
    return ["", row.case, `**${seconds(row.ours)}**`, seconds(row.peer), row.peerName, goal, ""].join(" | ").trim()
  })
  const table = ["| seconds | Fireclay | other | which is | ratio and goal |", "|---|---:|---:|---|---|", ...lines]
  const head = `On ${date.slice(0, 10)} at ${commit.slice(0, 10)}:`
  return [before, begins, head, "\n\n", table.join("\n"), "\n", ends, rest.split(ends)[1]].join("")
}

const seconds = (ms: number): string => (ms / 1000).toFixed(2)
