import { FireclayError } from "../../contract/index.ts"
import { watchDrift } from "../../core/index.ts"
import { duration } from "../../schema/fields.ts"
import { type Command, withProject } from "../command.ts"
import { renderNews } from "../render/news.ts"

export interface WatchOptions {
  readonly full?: boolean
  readonly interval?: string
}

/** `drift --watch`: what is new and what is gone, until somebody stops it. */
export const watch: Command<WatchOptions> = async (context, { full = false, interval = "5m" }, ...names) => {
  const intervalMs = readInterval(interval)
  return withProject(context, names, async ({ bench, fleets, output }) => {
    output.note(`watching ${fleets.map(({ name }) => name).join(", ")}: a look every ${interval}; Ctrl-C ends it`)
    await watchDrift(bench, fleets, {
      full,
      intervalMs,
      tell: (news) => {
        output.print(renderNews(news, output.paint))
        output.item(news)
      },
    })
    return 130
  })
}

const readInterval = (text: string): number => {
  const { success, data } = duration.safeParse(text)
  if (success && data >= 1_000) return data
  throw new FireclayError("FC_USAGE", `--interval ${text}: not a time of a second or more`, {
    at: "--interval",
    remedy: "write a number and s, m or h, for example 30s",
  })
}
