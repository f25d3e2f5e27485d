import { access, constants, writeFile } from "node:fs/promises"
import { dirname, resolve } from "node:path"
import { FireclayError } from "../../contract/index.ts"
import { type Comparison, judge, redactDeep } from "../../core/index.ts"
import { type ComparisonWant, type Estimate, estimate, runComparison } from "../../lab/index.ts"
import { run } from "../../system/process.ts"
import { type Command, type Context, workingDirectory } from "../command.ts"
import { type CompareOptions, readWant } from "../comparing.ts"
import type { Output } from "../output.ts"
import { ownVersion } from "../own-files.ts"

/** Measures ways to deliver on the user's own application, and says which is better at what. */
export const compare: Command<CompareOptions> = async (context, options, ...words) => {
  if (options.fleets !== undefined)
    return (await import("./compare-fleets.ts")).compareFleets(context, options, ...words)
  const [name] = words
  const want = await readWant(context, options, name)
  if (options.plan === true) return showPlan(context.output, want)
  const { output, signal, redactor } = context
  const path = options.out === undefined ? undefined : await writablePath(context, options.out)
  const commit = await commitOf(want.to.directory)
  const began = Date.now()
  const comparison = await runComparison(want, {
    ...{ signal, commit, version: ownVersion() },
    tell: (doing, done, of) =>
      output.note(`${clock(Date.now() - began)}  ${String(done).padStart(String(of).length)}/${of}  ${doing}`),
  })
  const told = redactDeep(comparison, redactor.redact) as Comparison
  const answers = judge(told)
  const { renderComparison, renderComparisonText } = await import("../render/compare/index.ts")
  output.print(renderComparisonText(told, answers, output.paint))
  output.answer({ comparison: told, ...answers })
  if (path === undefined) return 0
  await writeFile(path, renderComparison(told, answers))
  output.note(`report: ${path}`)
  return 0
}

/** Asked beforehand: after half an hour would be late. */
const writablePath = async (context: Context, out: string): Promise<string> => {
  const path = resolve(workingDirectory(context), out)
  try {
    await access(dirname(path), constants.W_OK)
    return path
  } catch (cause) {
    throw new FireclayError("FC_USAGE", `${path} could not be written`, {
      at: "--out",
      remedy: "a file in a directory that is there",
      cause,
    })
  }
}

const showPlan = (output: Output, want: ComparisonWant): number => {
  const { minutes, machines, requests, steps }: Estimate = estimate(want)
  for (const [index, step] of steps.entries()) output.print(`${index + 1}. ${step}`)
  output.print(
    `\nAbout ${minutes} minutes, at most ${machines} machines at the same time, some ${requests} requests. Nothing of the project's own fleets is touched.`,
  )
  output.answer({ plan: { minutes, machines, requests, steps } })
  return 0
}

/** `4:07`. */
const clock = (ms: number): string =>
  `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1_000) % 60).padStart(2, "0")}`

const commitOf = async (directory: string): Promise<string | undefined> => {
  const git = async (...words: readonly string[]): Promise<string | undefined> => {
    const { exitCode, stdout } = await run(["git", "-C", directory, ...words]).catch(() => ({
      exitCode: 1,
      stdout: "",
    }))
    return exitCode === 0 ? stdout.toString().trim() : undefined
  }
  const commit = await git("rev-parse", "HEAD")
  const changed = await git("status", "--porcelain", "--", ".")
  return commit === undefined ? undefined : `${commit}${changed === "" ? "" : "-dirty"}`
}
