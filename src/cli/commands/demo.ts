import { cp, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openWorkbench } from "../../builtin.ts"
import { FireclayError } from "../../contract/index.ts"
import { destroyEngines, destroyFleet, type Workbench } from "../../core/index.ts"
import type { Command, Context } from "../command.ts"
import { type LoadedConfig, loadConfig } from "../config.ts"
import type { DemoRow } from "../demo/measure.ts"
import { runDemo } from "../demo/run.ts"
import { packageDirectory } from "../own-files.ts"
import { table } from "../render/table.ts"

export interface DemoOptions {
  readonly rate?: string
  readonly keep?: boolean
}

/** The main job on real machines of its own: one spec, both ways, there and back, without losing a request. */
export const demo: Command<DemoOptions> = async (context, options) => {
  const ratePerSecond = readRate(options.rate ?? "200")
  const directory = await mkdtemp(join(tmpdir(), "fireclay-demo-"))
  await cp(join(packageDirectory(), "examples", "hello-flask"), directory, { recursive: true })
  const config = await loadConfig({ directory })
  const bench = openWorkbench({ project: config.project, directory, signal: context.signal })
  try {
    const rows = await runDemo({
      bench,
      fleets: Object.values(config.project.fleets),
      directory,
      ratePerSecond,
      say: context.output.note,
    })
    return report(context, rows)
  } finally {
    if (options.keep === true)
      context.output.note(`Kept in ${directory}: look around with fireclay -C ${directory} status; remove with destroy`)
    else await cleanUp(context, bench, config)
    await bench.close()
    if (options.keep !== true) await rm(directory, { recursive: true, force: true })
  }
}

const readRate = (text: string): number => {
  const rate = Number(text)
  if (Number.isInteger(rate) && rate >= 1 && rate <= 5_000) return rate
  throw new FireclayError("FC_USAGE", `"${text}" is not a rate`, {
    at: "--rate",
    remedy: "a whole number from 1 to 5000",
  })
}

const cleanUp = async (context: Context, bench: Workbench, { project }: LoadedConfig): Promise<void> => {
  context.output.note("Removing everything")
  for (const fleet of Object.values(project.fleets)) await destroyFleet(bench, fleet)
  await destroyEngines(bench, Object.values(project.fleets), { volumes: true })
}

const report = ({ output }: Context, rows: readonly DemoRow[]): number => {
  const failed = rows.reduce((sum, row) => sum + row.failed, 0)
  const cells = rows.map((row) => [
    row.fleet,
    row.by === "in-place" ? "in place" : "by replacement",
    row.direction,
    row.secondsToNewVersion.toFixed(1),
    String(row.requests),
    row.failed === 0 ? output.paint("green", "0") : output.paint("red", String(row.failed)),
    row.longestGapMs.toFixed(0),
    row.mixedVersionSeconds.toFixed(1),
    String(row.machinesCreated),
  ])
  const head = [
    "fleet",
    "delivered",
    "version",
    "seconds to new",
    "requests",
    "failed",
    "longest gap ms",
    "seconds mixed",
    "machines made",
  ]
  output.print(`\n${table(head, cells)}\n`)
  for (const { fleet, direction, reasons } of rows)
    for (const [reason, count] of Object.entries(reasons)) output.print(`  ${fleet} ${direction}: ${count} × ${reason}`)
  output.print(
    failed === 0 ? output.paint("green", "No request was lost.") : output.paint("red", `${failed} requests failed.`),
  )
  output.answer({ fleets: rows, failed })
  return failed === 0 ? 0 : 1
}
