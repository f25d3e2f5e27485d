// debian: systemd-container mmdebstrap
// `npm run test:equivalence`: what is converged in place and what is baked of the same description are the same, file by
// file. Words after `--` try only rows of these names or groups, and leave in the result what it says of others.
//
//     npm run test:equivalence -- histories nginx
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { readCommit, readMachine, resultsDirectory, say, writeResults } from "../bench/support/results.ts"
import { table } from "../src/cli/render/table.ts"
import { type EquivalenceRow, equivalenceRows } from "../test/equivalence/rows.ts"
import { type RowOutcome, tryRow } from "../test/equivalence/try-row.ts"
import { recipes } from "../test/support/recipes.ts"

type Tried = Pick<EquivalenceRow, "group" | "name"> & ({ readonly outcome: RowOutcome } | { readonly broken: string })

const flag = { type: "boolean", default: false } as const
const { values, positionals } = parseArgs({ options: { quick: flag, json: flag }, allowPositionals: true })

const main = async (): Promise<void> => {
  const isWanted = ({ name, group }: EquivalenceRow): boolean =>
    positionals.length === 0 || positionals.some((word) => word === name || word === group)
  const isSample = ({ name }: EquivalenceRow): boolean =>
    !values.quick || recipes.some((recipe) => recipe.name === name)
  const rows = equivalenceRows.filter((row) => isWanted(row) && isSample(row))
  const before = earlier(rows)
  const tried: Tried[] = []
  for (const row of rows) {
    const one = await tryOne(row)
    tried.push(one)
    say(`${row.group} ${row.name}: ${describe(one)}`)
    for (const line of "outcome" in one ? one.outcome.unexplained : []) say(`    ${line}`)
    // What was found stays, should it be ended before its end.
    await keep([...before, ...tried])
  }
  const document = await keep([...before, ...tried])
  process.stdout.write(values.json ? `${JSON.stringify(document, null, 2)}\n` : `${render(document.raw.tried)}\n`)
  process.exitCode = tried.every(isEqual) ? 0 : 1
}

const tryOne = async ({ group, ...row }: EquivalenceRow): Promise<Tried> => {
  try {
    return { group, name: row.name, outcome: await tryRow(row) }
  } catch (error) {
    return { group, name: row.name, broken: String(error) }
  }
}

const isEqual = (one: Tried): boolean => "outcome" in one && one.outcome.unexplained.length === 0

const describe = (one: Tried): string => {
  if ("broken" in one) return `BROKEN ${one.broken}`
  const { compared, unexplained, explained, seconds } = one.outcome
  const reasons = Object.entries(explained).map(([kind, count]) => `${count} ${kind}`)
  return `${compared} compared, ${unexplained.length} unexplained; ${reasons.join(", ")}; ${seconds} s`
}

/** What an earlier run said of rows that are not tried in this one. */
const earlier = (rows: readonly EquivalenceRow[]): readonly Tried[] => {
  const file = join(resultsDirectory, "equivalence.json")
  if (rows.length === equivalenceRows.length || !existsSync(file)) return []
  const { raw } = JSON.parse(readFileSync(file, "utf8")) as { readonly raw: { readonly tried: readonly Tried[] } }
  const others = equivalenceRows.filter((row) => !rows.includes(row))
  return raw.tried.filter(({ name }) => others.some((row) => row.name === name))
}

const keep = async (tried: readonly Tried[]) => {
  const ordered = equivalenceRows.flatMap((row) => tried.filter(({ name }) => name === row.name))
  const document = {
    name: "equivalence",
    commit: await readCommit(),
    date: new Date().toISOString(),
    machine: readMachine(),
    method: method.join(" "),
    rows: ordered.map((one) => ({
      case: `${one.group}: ${one.name}`,
      ours: "outcome" in one ? one.outcome.unexplained.length : -1,
      peer: 0,
      peerName: "no difference that is not explained",
      unit: "unexplained differences",
      ratio: isEqual(one) ? 1 : 0,
      goal: 1,
      met: isEqual(one),
    })),
    raw: { tried: ordered },
  }
  writeResults("equivalence", document)
  return document
}

const render = (tried: readonly Tried[]): string =>
  table(
    ["row", "compared", "unexplained", "explained", "seconds"],
    tried.map((one) => {
      const name = `${one.group}: ${one.name}`
      if ("broken" in one) return [name, "–", "did not come to an end", "–", "–"]
      const { compared, unexplained, explained, seconds } = one.outcome
      const reasons = Object.values(explained).reduce((sum, count) => sum + count, 0)
      return [name, String(compared), String(unexplained.length), String(reasons), String(seconds)]
    }),
  )

const method: readonly string[] = [
  "Each row is a description, applied in place to a local machine with systemd, twice, after an earlier release where the row has a past; then `fireclay verify` bakes the image of the release that the machine is at and compares both, file by file.",
  "Counted is what nothing explains. Explanations: docs/reference/varying.md, declared data, what comes with the start.",
]

await main()
