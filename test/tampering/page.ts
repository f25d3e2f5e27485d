/** What the page shows of a run that is kept. */
export interface TamperingDocument {
  readonly commit: string
  readonly date: string
  readonly tools: readonly { readonly name: string; readonly found: number; readonly falseAlarms: readonly string[] }[]
  readonly rows: readonly { readonly what: string; readonly seenBy: readonly string[] }[]
}

const [begins, ends] = ["<!-- figures -->\n", "<!-- /figures -->"]

/** The page with the table of a run in the place that it has for it. */
export const withTampering = (page: string, { commit, date, tools, rows }: TamperingDocument): string => {
  const [before = "", rest = ""] = page.split(begins)
  const cells = (first: string, each: (tool: TamperingDocument["tools"][number]) => string): string =>
    `| ${[first, ...tools.map(each)].join(" | ")} |`
  const lines = [
    cells("", ({ name }) => name),
    `|---|${":-:|".repeat(tools.length)}`,
    cells(`**seen, of ${rows.length}**`, ({ found }) => `**${found}**`),
    cells("**false alarms before**", ({ falseAlarms }) => `**${falseAlarms.length}**`),
    ...rows.map(({ what, seenBy }) => cells(what, ({ name }) => (seenBy.includes(name) ? "yes" : ""))),
  ]
  return `${before}${begins}On ${date.slice(0, 10)} at ${commit.slice(0, 10)}:\n\n${lines.join("\n")}\n${ends}${rest.split(ends)[1] ?? ""}`
}
