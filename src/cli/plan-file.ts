import { readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { resolve } from "node:path"
import { FireclayError } from "../contract/index.ts"
import { parsePlan, type SavedPlan } from "../core/index.ts"

/**
 * A plan that was saved, when that is what the words of `apply` name: one word, and a file of that name or one that could
 * only be a file's. Fleets have neither a slash nor such an ending.
 *
 * @throws FireclayError FC_PLAN_FILE
 */
export const readPlanFile = async (directory: string, words: readonly string[]): Promise<SavedPlan | undefined> => {
  const [name] = words
  if (name === undefined || words.length > 1) return undefined
  const file = resolve(directory, name)
  const found = await stat(file).catch(() => undefined)
  if (found?.isFile() !== true && !/\/|\.(json|plan)$/.test(name)) return undefined
  const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new FireclayError("FC_PLAN_FILE", `${name} cannot be read (${cause.code})`, {
      at: name,
      remedy: `make it: fireclay plan --out ${name}`,
      cause,
    })
  })
  return parsePlan(text, name)
}

/** For the user's eyes only: it says what is on their machines. Whole or not at all. */
export const writePlanFile = async (directory: string, name: string, text: string): Promise<void> => {
  const file = resolve(directory, name)
  const beside = `${file}.${process.pid}.new`
  try {
    await writeFile(beside, text, { mode: 0o600, flag: "wx" })
    await rename(beside, file)
  } catch (cause) {
    await rm(beside, { force: true })
    throw new FireclayError("FC_PLAN_FILE", `${name} cannot be written (${(cause as NodeJS.ErrnoException).code})`, {
      at: name,
      remedy: "give another path to --out",
      cause,
    })
  }
}
