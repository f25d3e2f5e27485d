import type { Fleet } from "../../contract/index.ts"
import { abortRollout, readFleet, rollOut, tell, type Word } from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import { describeResult } from "../render/rollout.ts"

export interface PromoteOptions {
  readonly full?: boolean
}

/** Lets a rollout that waits for somebody go on. */
export const promote: Command<PromoteOptions> = (context, options, name = "") =>
  say(context, name, options.full === true ? "promote-full" : "promote")

/** Holds a rollout before its next move. */
export const pause: Command<object> = (context, _options, name = "") => say(context, name, "pause")

/** Lets a rollout go on that was paused, or measure again what came to no verdict. */
export const resume: Command<object> = (context, _options, name = "") => say(context, name, "resume")

/** Leads a rollout back to where it began. */
export const abort: Command<object> = (context, _options, name = "") => say(context, name, "abort")

/** The run that drives the rollout hears it. Where that is no more, this one goes on in its place. */
const say = (context: Parameters<Command<object>>[0], name: string, word: Word): Promise<number> =>
  withProject(context, [name], async ({ bench, fleets, output }) => {
    const [fleet] = fleets as readonly [Fleet]
    const heard = await tell(bench, fleet, word)
    const tick = output.paint("green", "✓")
    if (heard === "heard" || word === "pause") {
      output.print(`${tick} ${fleet.name}: ${word}${heard === "heard" ? "" : ", for whoever goes on with it"}`)
      output.answer({ fleet: fleet.name, word, heard: heard === "heard" })
    } else if (word === "abort") {
      const versions = await abortRollout(bench, fleet)
      output.print(`${tick} ${fleet.name}: the rollout is taken back`)
      output.answer({ fleet: fleet.name, word, heard: false, versions })
    } else {
      const { open } = await readFleet(bench.store, fleet.name)
      const result = await rollOut(bench, fleet, { release: open?.to ?? 0 })
      output.print(describeResult(result, output.paint))
      output.answer({ fleet: fleet.name, word, heard: false, rollout: result })
    }
    return 0
  })
