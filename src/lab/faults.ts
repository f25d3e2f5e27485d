import { setTimeout as sleep } from "node:timers/promises"
import type { Fault, FaultTrial } from "../core/index.ts"
import type { RunningCommand } from "./command-line.ts"
import { asItIs, fleetName, type Variant } from "./config.ts"
import { killMachine } from "./kill-machine.ts"
import type { Site } from "./site.ts"
import type { TrialSite } from "./trial.ts"
import { requestsOf, underLoad } from "./under-load.ts"

/**
 * One rollout from the old version to the new one in which something goes wrong. Afterwards somebody does what is needed, as
 * an attentive operator would, and the fleet is taken back to the old version. `undefined`: the rollout was over before it could
 * be put in.
 */
export const runFault = async (at: TrialSite, fault: Fault): Promise<FaultTrial | undefined> => {
  const { want, site, apart, round } = at
  await site.put(want.to, variants[fault])
  // What is baked beforehand cannot go wrong in it.
  if (fault !== "a step fails") await site.build()
  const before = await releaseOf(site)
  const seen = await underLoad(site.url, want, apart, ({ mark }) => goWrong(at, fault, mark))
  const { wrongMs, safeMs, needed, after } = seen.result
  const { sent, failed, longestGapMs } = requestsOf(seen, want)
  await site.put(want.from)
  await site.deliver()
  if (wrongMs === undefined) return undefined
  return {
    ...{ way: site.way.name, fault, round },
    safeAfterSeconds: (safeMs - wrongMs) / 1000,
    ...{ sent, failed, longestGapMs },
    ...stateOf(after, before),
    needed,
  }
}

const variants: { readonly [fault in Fault]: Variant } = {
  "a step fails": { kind: "failing step" },
  "a machine is killed": asItIs,
  "the controller is killed": asItIs,
  "a bad version": { kind: "bad", afterSeconds: 3 },
}

interface WentWrong {
  /** When, on the load's clock, and when all was well again. Absent: it did not. */
  readonly wrongMs?: number
  readonly safeMs: number
  readonly needed: string
  readonly after: Look
}

const goWrong = async (at: TrialSite, fault: Fault, mark: () => number): Promise<WentWrong> => {
  const { site } = at
  const beganMs = mark()
  const command = site.beginDelivery()
  const wrong = fault === "a step fails" ? { atMs: beganMs } : await courses[fault](site, command, mark)
  await command.ended
  const [needed, after] = await makeSafe(at, fault, wrong)
  return { ...(wrong.atMs === undefined ? {} : { wrongMs: wrong.atMs }), safeMs: mark(), needed, after }
}

/** When it went wrong; absent: it could not be made to. What then has to be done in any case. */
interface Wrong {
  readonly atMs?: number
  readonly needed?: "fireclay rollback"
}

/** One step that fails needs nobody to do anything. */
const courses: {
  readonly [fault in Exclude<Fault, "a step fails">]: (
    site: Site,
    command: RunningCommand,
    mark: () => number,
  ) => Promise<Wrong>
} = {
  "a machine is killed": async (site, command, mark) => {
    const victim = await inTheMidst(site, command)
    const isInTime = victim !== undefined && (await killOnceItRuns(site, victim, command))
    return isInTime ? { atMs: mark() } : {}
  },
  "the controller is killed": async (site, command, mark) => {
    const isInTime = (await inTheMidst(site, command)) !== undefined && command.kill()
    return isInTime ? { atMs: mark() } : {}
  },
  "a bad version": async (site, command, mark) => {
    const beganMs = mark()
    const seenMs = await untilBad(site, command, mark)
    const { exitCode } = await command.ended
    if (exitCode !== 0) return { atMs: seenMs ?? beganMs }
    return { ...(seenMs === undefined ? {} : { atMs: seenMs }), needed: "fireclay rollback" }
  },
}

/** Waits until one is being changed or made; answers which. */
const inTheMidst = async ({ way, size }: Site, command: RunningCommand): Promise<string | undefined> => {
  const text = way.delivery === "in-place" ? `${fleetName}-${size > 1 ? 2 : 1}: ` : ": starting"
  if (!(await command.until(text))) return undefined
  const { progress } = command
  const line = progress().findLast((each) => each.text.includes(text))
  await sleep(100)
  return line?.text.split(":")[0]
}

/** One that is being made may not run yet. `false`: the rollout was over before. */
const killOnceItRuns = async (site: Site, name: string, command: RunningCommand): Promise<boolean> => {
  const exitCode = watchEnd(command)
  while (exitCode() === undefined) {
    if (await killMachine(site, name)) return true
    await sleep(20)
  }
  return false
}

/** How a command ended, once it did. */
const watchEnd = ({ ended }: RunningCommand): (() => number | undefined) => {
  let found: number | undefined
  void ended.then(({ exitCode }) => {
    found = exitCode
  })
  return () => found
}

/**
 * An operator whose monitoring asks five times a second, and who acts when three answers in a row were bad. Absent: the rollout
 * had taken it back before, or it is never bad.
 */
const untilBad = async ({ url }: Site, command: RunningCommand, mark: () => number): Promise<number | undefined> => {
  const exitCode = watchEnd(command)
  const giveUpMs = mark() + 120_000
  let firstMs: number | undefined
  for (let bad = 0; bad < 3; ) {
    if (mark() > giveUpMs || (exitCode() ?? 0) !== 0) return undefined
    const isGood = await fetch(url, { headers: { connection: "close" }, signal: AbortSignal.timeout(2_000) }).then(
      async (response) => {
        await response.arrayBuffer()
        return response.ok
      },
      () => false,
    )
    if (isGood) [bad, firstMs] = [0, undefined]
    else [bad, firstMs] = [bad + 1, firstMs ?? mark()]
    await sleep(200)
  }
  return firstMs
}

/** What the fleet is like, as `status` has it. */
interface Look {
  readonly releases: readonly (number | undefined)[]
  readonly sound: boolean
  /** It does not become sound by itself: somebody has to do something. */
  readonly unfinished: boolean
}

const makeSafe = async (
  { want, site }: TrialSite,
  fault: Fault,
  { needed }: Wrong,
): Promise<readonly [needed: string, after: Look]> => {
  if (needed !== undefined) {
    const begin = await site.wayBack()
    await begin().ended
    return [needed, await lookUntilWell(site)]
  }
  const found = await lookUntilWell(site)
  if (found.sound) return ["nothing", found]
  if (fault === "a bad version") {
    // Nobody delivers that again.
    await site.put(want.from)
    await site.beginDelivery().ended
    return ["fireclay apply of the old version", await lookUntilWell(site)]
  }
  await site.beginDelivery().ended
  return ["fireclay apply", await lookUntilWell(site)]
}

/**
 * Members that were led back may have much to answer at once that waited for them: nobody acts before they had time for it.
 * What somebody has to act on is told at once.
 */
const lookUntilWell = async (site: Site, withinMs = 30_000): Promise<Look> => {
  for (const untilMs = Date.now() + withinMs; ; await sleep(200)) {
    const found = await look(site)
    if (found.sound || found.unfinished || Date.now() > untilMs) return found
  }
}

const look = async (site: Site): Promise<Look> => {
  const { members, interrupted, mixed } = await site.status()
  const releases = members.map(({ release }) => release)
  const isUp = members.length > 0 && members.every(({ running }) => running)
  const unfinished = !isUp || interrupted || mixed || new Set(releases).size !== 1
  return { releases, sound: !unfinished && members.every(({ healthy }) => healthy !== false), unfinished }
}

const releaseOf = async (site: Site): Promise<number | undefined> => (await site.status()).current

const stateOf = ({ releases, sound }: Look, before: number | undefined): Pick<FaultTrial, "state" | "sound"> => {
  const all = [...new Set(releases)]
  if (all.length !== 1) return { state: `of several releases: ${releases.join(", ")}`, sound }
  const which = all[0] === before ? "old" : "new"
  return {
    state: sound ? `all of it at the ${which} release` : `at the ${which} release, and not all of it well`,
    sound,
  }
}
