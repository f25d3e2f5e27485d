import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { cpus, release, totalmem } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { table } from "../../src/cli/render/table.ts"
import { run } from "../../src/system/process.ts"
import { type Figures, withSpread } from "./measure.ts"

/** One comparison. `ours` and `peer` are medians. */
export interface Row {
  readonly case: string
  readonly ours: number
  readonly peer: number
  readonly peerName: string
  readonly unit: string
  /** ours / peer */
  readonly ratio: number
  /** The highest ratio that is good enough; `null`: for information. */
  readonly goal: number | null
  readonly met: boolean | null
}

export interface BenchOptions {
  /** Fewer runs. */
  readonly quick: boolean
  /** The document on standard output, instead of a table. */
  readonly json: boolean
}

export interface Bench {
  readonly name: string
  /** Settings of all sides, so that another can repeat it. */
  readonly method: readonly string[]
  readonly rows: readonly Row[]
  /** What each run took, and what else was seen. */
  readonly raw: object
}

export const readOptions = (): BenchOptions => {
  const option = { type: "boolean", default: false } as const
  const { quick, json } = parseArgs({ options: { quick: option, json: option } }).values
  return { quick, json }
}

/** A row out of two sides that were measured in turn. */
export const compare = (
  what: { readonly case: string; readonly peerName: string; readonly unit: string; readonly goal?: number },
  ours: Figures,
  peer: Figures,
): Row => {
  const { case: name, peerName, unit, goal = null } = what
  const ratio = round(ours.median / peer.median, 2)
  const medians = { ours: round(ours.median, 1), peer: round(peer.median, 1) }
  return { case: name, ...medians, peerName, unit, ratio, goal, met: goal === null ? null : ratio <= goal }
}

/** Keeps the document as `bench/results/NAME.json` and tells it; answers what was kept. */
export const report = async (bench: Bench, { json }: BenchOptions) => {
  const { name, method, rows, raw } = bench
  const document = {
    name,
    commit: await readCommit(),
    date: new Date().toISOString(),
    machine: readMachine(),
    method: method.join(" "),
    rows,
    raw,
  }
  const text = writeResults(name, document)
  process.stdout.write(json ? text : `${renderRows(rows)}\n`)
  return document
}

/** Keeps a document and answers its text. */
export const writeResults = (name: string, document: object): string => {
  const text = `${JSON.stringify(document, null, 2)}\n`
  mkdirSync(resultsDirectory, { recursive: true })
  writeFileSync(join(resultsDirectory, `${name}.json`), text)
  return text
}

/** What goes on, on standard error. */
export const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** For a log: what a side took. */
export const describe = (name: string, figures: Figures, digits = 0): string =>
  `${name}: ${withSpread(figures, digits)} ms in ${figures.runs.length} runs`

/** Where documents and charts are kept. */
export const resultsDirectory = join(import.meta.dirname, "..", "results")

const renderRows = (rows: readonly Row[]): string =>
  table(
    ["case", "ours", "peer", "unit", "ratio", "goal", "", "peer is"],
    rows.map((row) => [
      row.case,
      String(row.ours),
      String(row.peer),
      row.unit,
      row.ratio.toFixed(2),
      row.goal === null ? "–" : `≤ ${row.goal}`,
      row.met === null ? "" : row.met ? "met" : "missed",
      row.peerName,
    ]),
  )

/** The commit that was measured, and whether the tree had changes on top of it. */
export const readCommit = async (): Promise<string> => {
  const cwd = import.meta.dirname
  const head = (await run(["git", "rev-parse", "HEAD"], { cwd })).stdout.toString().trim()
  const changed = (await run(["git", "status", "--porcelain", "--", "src", "bin", "bench"], { cwd })).stdout
    .toString()
    .split("\n")
    .some((line) => line !== "" && !line.includes("bench/results/"))
  return changed ? `${head} with changes` : head
}

/** What it was measured on. */
export const readMachine = (): string => {
  const [cpu] = cpus()
  const system = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? process.platform
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const kernel = release().split("-")[0]
  return `${cpus().length} × ${cpu?.model.trim()}, ${memory}; ${system}, Linux ${kernel}, Node ${process.versions.node}`
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits))
