import type { Row } from "../support/results.ts"

/** What the page shows of a run that is kept. */
export interface ConvergeDocument {
  readonly commit: string
  readonly date: string
  readonly rows: readonly Row[]
}

const [begins, ends] = ["<!-- figures -->\n", "<!-- /figures -->"]

/** The page on speed with the figures of a run in the place that it has for them: seconds, a row for each case. */
export const withSpeeds = (page: string, { commit, date, rows }: ConvergeDocument): string => {
  const [before = "", rest = ""] = page.split(begins)
  const timed = rows.filter(({ unit, peerName }) => unit === "ms" && !peerName.startsWith("Fireclay"))
  const peers = [...new Set(timed.map(({ peerName }) => peerName))]
  const cases = [...new Set(timed.map((row) => row.case))]
  const lines = cases.map((name) => {
    const own = timed.filter((row) => row.case === name)
    const cells = peers.map((peer) => seconds(own.find(({ peerName }) => peerName === peer)?.peer))
    return ["", name, `**${seconds(own[0]?.ours)}**`, ...cells, ""].join(" | ").trim()
  })
  const title = ["", "seconds", "Fireclay", ...peers, ""].join(" | ").trim()
  const rule = `|---|${"---:|".repeat(peers.length + 1)}`
  const head = `On ${date.slice(0, 10)} at ${commit.slice(0, 10)}:`
  return [before, begins, head, "\n\n", [title, rule, ...lines].join("\n"), "\n", ends, rest.split(ends)[1]].join("")
}

const seconds = (ms: number | undefined): string => (ms === undefined ? "" : (ms / 1000).toFixed(ms < 10_000 ? 2 : 0))
