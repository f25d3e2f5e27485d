import { chmod, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { EvidenceWant } from "../contract/index.ts"
import { FireclayError } from "../contract/index.ts"
import { digestOf, hashFile } from "../images/layout.ts"
import { makePrivate } from "./local/files.ts"

/**
 * Makes the place of an instance's evidence, lets it be filled, and writes down what lies there as `sha256sum` does.
 *
 * @param fill answers the names of the files that it made
 * @returns digest of that list
 * @throws FireclayError FC_EVIDENCE
 */
export const keepIn = async (
  { name, place, report }: EvidenceWant,
  fill: () => Promise<readonly string[]>,
): Promise<string> => {
  try {
    await makePrivate(place)
    await writeFile(join(place, "report.json"), report)
    const names = ["report.json", ...(await fill())]
    const sums = await Promise.all(names.map((file) => sumOf(place, file)))
    const list = sums.map((sum, index) => `${sum}  ${names[index]}\n`).join("")
    await writeFile(join(place, "SHA256SUMS"), list, { mode: 0o600 })
    return digestOf(Buffer.from(list))
  } catch (cause) {
    throw new FireclayError("FC_EVIDENCE", `what was written on ${name} could not be kept: ${reasonOf(cause)}`, {
      at: place,
      remedy: "the instance was left as it is; make room or mend what is in the way, then do it again",
      ...(cause instanceof FireclayError ? { details: cause.details } : {}),
      cause,
    })
  }
}

const sumOf = async (place: string, file: string): Promise<string> => {
  await chmod(join(place, file), 0o600)
  return (await hashFile(join(place, file))).replace(/^sha256:/, "")
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
