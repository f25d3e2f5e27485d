import { z } from "zod"
import { FireclayError } from "../../contract/index.ts"
import { keptReleases, listImages, type Pruning, planPrune, prune as removeImages } from "../../core/index.ts"
import { check } from "../../schema/check.ts"
import { byteSize } from "../../schema/fields.ts"
import { type Command, type Opened, withProject } from "../command.ts"
import { confirm } from "../confirm.ts"
import { bytes } from "../render/bytes.ts"
import { describeUses } from "./images.ts"

export interface PruneOptions {
  readonly yes?: boolean
  readonly keep?: string
  readonly maxSize?: string
}

/** Removes images that nobody needs any more, and says what that freed. */
export const prune: Command<PruneOptions> = (context, options) => {
  const { keep, maxSize } = readWords(options)
  const work = async ({ bench, output }: Opened): Promise<number> => {
    const pruning = planPrune(await listImages(bench), { keep: keep ?? keptReleases(bench), maxBytes: maxSize })
    for (const image of pruning.remove)
      output.print(`${output.paint("red", "-")} ${image.digest.slice(7, 19)}  ${describeUses(image)}`)
    if (pruning.remove.length === 0) output.print("nothing to remove")
    else if (!(await confirm(output, `Remove these, ${bytes(pruning.freed)}?`, options.yes === true)))
      throw new FireclayError("FC_CANCELLED", "nothing was done")
    await removeImages(bench, pruning)
    if (pruning.remove.length > 0)
      output.print(`${output.paint("green", "✓")} removed; ${bytes(pruning.left)} are left`)
    output.answer(pruneDocument(pruning))
    return 0
  }
  return withProject(context, [], work, { hosts: false })
}

/** What went, and what that freed, as data. */
export const pruneDocument = ({ remove, freed, left }: Pruning): object => ({
  removed: remove.map(({ digest, size, releases }) => ({ digest, size, releases })),
  freedBytes: freed,
  leftBytes: left,
})

const readWords = ({ keep, maxSize }: PruneOptions): { readonly keep?: number; readonly maxSize?: number } => ({
  ...(keep === undefined ? {} : { keep: check(countSchema, keep, "--keep") }),
  ...(maxSize === undefined ? {} : { maxSize: check(byteSize, maxSize, "--max-size") }),
})

const countSchema = z
  .string()
  .regex(/^\d{1,6}$/, "not a whole number")
  .transform(Number)
