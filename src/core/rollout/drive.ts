import { FireclayError, type Fleet, type Move, type RolloutView, Roster, type Strategy } from "../../contract/index.ts"
import { sizeOf } from "../fleet-size.ts"
import type { Pace } from "../forecast.ts"
import { type LeasedBench, refuseStopped } from "../lease.ts"
import { type Hands, type MemberMove, membersOf } from "./crew.ts"
import type { Diary, Told } from "./diary.ts"
import { askOutside, measure } from "./measure.ts"
import { PaceKeeper } from "./pace.ts"
import { type Stall, withProgress } from "./stall.ts"
import { weightsFor } from "./weights.ts"

/** What it took. */
export interface Driven {
  readonly moves: number
  /** Instances that were made. */
  readonly created: number
  /** The most members that there were at a time. */
  readonly peak: number
  /** Those that were left aside on purpose. */
  readonly kept: readonly string[]
  readonly mixedMs: number
  readonly pace: Pace
}

/** A rollout on its way. */
export interface Drive {
  readonly bench: LeasedBench
  readonly fleet: Fleet
  readonly crew: Hands
  /** Release to arrive at. */
  readonly target: number
  readonly diary: Diary
  readonly stall: Stall
  readonly onMoves: (moves: readonly Move[]) => Promise<void>
  /** Milliseconds for which the target was in force when this began. */
  readonly inForceMs?: number
  /** How long the fleet is looked at once all serve the target, before it counts. */
  readonly watchMs?: number
  /** Asked while all members serve, before anything is done to the next; throws where that is not to begin. */
  readonly refuseBatch?: () => void
  /** How long moves took before. */
  readonly pace?: Pace | undefined
}

/**
 * Asks the fleet's policy, does what it says, asks again. What it knows besides the fleet itself is in the diary, so it
 * can go on from wherever a dead run stopped.
 *
 * @throws what a move threw, once all moves of its round have come to an end; FC_CANCELLED and FC_LEASE_LOST between two
 *   rounds; FC_ROLLOUT_ABORTED, FC_ROLLOUT_YIELDED when somebody said so; FC_GATE, FC_NO_PROGRESS
 */
export const drive = (what: Drive): Promise<Driven> => new Driver(what).run()

/** What is said while a fleet is looked at before its rollout counts. */
export const watching = "all serve the new release; watching"

const pollMs = 200
const lookAfterEveryMs = 1_000

class Driver {
  readonly #drive: Drive
  readonly #strategy: Strategy
  #roster = new Roster(0, [])
  #share: number | undefined
  readonly #pace = new PaceKeeper()
  readonly #counts = { moves: 0, created: 0, peak: 0, mixedMs: 0 }
  #mixedSinceMs: number | undefined
  #said = ""
  /** Moves since the fleet was last looked at as a whole. */
  #unseen = Number.POSITIVE_INFINITY

  constructor(what: Drive) {
    const { name } = what.fleet.by.strategy
    const strategy = what.bench.strategies.get(name)
    if (strategy === undefined) throw new TypeError(`no strategy ${name}`)
    this.#drive = what
    this.#strategy = strategy
  }

  async run(): Promise<Driven> {
    // A policy that has not come to its end by then never will.
    const mostRounds = 10_000 + 20 * sizeOf(this.#drive.fleet)
    for (let round = 0; round < mostRounds; ) {
      await this.#obey()
      const looked = await this.#look()
      const moves = this.#strategy.next(this.#view(), this.#drive.fleet.by.strategy.options)
      // What waits or measures may do so for as long as somebody likes.
      if (!moves.some(isPatient)) round += 1
      if (this.#hasArrived(moves) && (await this.#isWatching())) continue
      if (moves.length > 0) await this.#make(moves)
      else if (looked) return await this.#result()
      // Whether nothing is left to do is not said from memory.
      else this.#unseen = Number.POSITIVE_INFINITY
    }
    throw new FireclayError("FC_ROLLOUT_FAILED", `${this.#strategy.name} did not come to an end`, {
      at: `fleets.${this.#drive.fleet.name}`,
    })
  }

  /** What people and the system said meanwhile. */
  async #obey(): Promise<void> {
    const { bench, diary, fleet } = this.#drive
    await bench.lease.ensure()
    refuseStopped(bench.signal)
    const told = await diary.listen()
    refuseTold(fleet, told)
    if (told.paused) await this.#wait({ why: `paused: fireclay resume ${fleet.name}` })
  }

  /**
   * Small fleets are looked at before each answer. To look at a large one costs as much as many moves, so it is done once
   * in so many moves that they stay what most of the work is.
   */
  async #look(): Promise<boolean> {
    if (this.#unseen * 20 < this.#roster.size) return false
    const { crew, target, fleet } = this.#drive
    const members = await crew.members()
    const { options } = fleet.by.strategy
    this.#roster = new Roster(target, this.#strategy.arrange?.(members, target, options) ?? members)
    this.#unseen = 0
    this.#note()
    return true
  }

  async #result(): Promise<Driven> {
    await this.#drive.crew.traffic.even()
    const kept = this.#roster.old.waiting.take().map(({ id }) => id)
    return { ...this.#counts, kept, pace: this.#pace.result(this.#drive.pace) }
  }

  #view(): RolloutView {
    const { fleet, target, diary, inForceMs } = this.#drive
    return {
      delivery: fleet.by.delivery,
      target,
      size: sizeOf(fleet),
      members: this.#roster,
      nowMs: diary.nowMs(),
      marks: diary.marks(),
      ...(this.#share === undefined ? {} : { share: this.#share }),
      ...(inForceMs === undefined ? {} : { inForceMs }),
    }
  }

  /** All that is to serve does, and nothing else: what is left is to clear away. */
  #hasArrived(moves: readonly Move[]): boolean {
    const { fresh, old } = this.#roster
    return (
      moves.every((move) => move.do === "retire") &&
      old.serving.size === 0 &&
      fresh.waiting.size === 0 &&
      fresh.serving.size > 0
    )
  }

  /** Looks on for as long as the fleet says, while what served before is still there. False: that is behind. */
  async #isWatching(): Promise<boolean> {
    const { watchMs = 0, diary } = this.#drive
    if (watchMs === 0 || this.#counts.moves === 0) return false
    const begun = diary.marks().find(({ name }) => name === "watching")
    if (begun === undefined) await diary.write({ name: "watching" })
    else if (diary.nowMs() >= begun.atMs + watchMs) return false
    else {
      const wait = { do: "wait", untilMs: begun.atMs + watchMs, why: watching } as const
      await this.#say([wait])
      await this.#wait(wait)
    }
    return true
  }

  async #make(moves: readonly Move[]): Promise<void> {
    const { bench, stall, fleet, refuseBatch } = this.#drive
    const { fresh, old } = this.#roster
    if (fleet.listen === undefined || fresh.waiting.size + old.waiting.size === 0) refuseBatch?.()
    const failed = moves.find((move) => move.do === "fail")
    if (failed !== undefined) throw new FireclayError("FC_GATE", failed.why, { at: `fleets.${fleet.name}.by.strategy` })
    await this.#say(moves)
    await this.#weighFor(moves)
    await withProgress(
      bench,
      stall,
      moves.some(isPatient),
      moves.map((move) => this.#perform(move)),
    )
    this.#unseen += moves.length
  }

  /** What is waited for is said once, however often it is asked whether it has come. */
  async #say(moves: readonly Move[]): Promise<void> {
    const said = JSON.stringify(moves)
    if (said === this.#said && moves.every(({ do: verb }) => verb === "wait")) return
    this.#said = said
    await this.#drive.onMoves(moves)
  }

  async #perform(move: Move): Promise<void> {
    const { crew, diary } = this.#drive
    switch (move.do) {
      case "mark":
        return diary.write({ name: move.name })
      case "wait":
        return this.#wait(move)
      case "measure":
        return this.#measure(move)
      case "preview":
        return crew.preview(move.ids)
      case "weigh":
      case "fail":
        return
      default:
        return this.#performOnMembers(move)
    }
  }

  async #performOnMembers(move: MemberMove): Promise<void> {
    const { bench, crew, fleet } = this.#drive
    for (const member of membersOf(move)) bench.progress({ fleet: fleet.name, member, doing: doing(move, member) })
    const begunAt = bench.now()
    const changes = await crew.perform(move)
    this.#pace.note(move.do, bench.now() - begunAt)
    for (const member of admittedBy(move)) bench.progress({ fleet: fleet.name, member, doing: "serving", done: true })
    for (const [id, change] of changes) {
      const known = this.#roster.get(id) ?? { id, release: undefined, phase: "idle" }
      if (change === undefined) this.#roster.remove(id)
      else this.#roster.put({ ...known, ...change })
    }
    this.#counts.moves += 1
    if (move.do === "create") this.#counts.created += move.count
    this.#note()
  }

  /** Who joins while requests are shared by weight changes what each of them gets. */
  async #weighFor(moves: readonly Move[]): Promise<void> {
    const asked = moves.find((move) => move.do === "weigh")
    if (asked !== undefined) this.#share = asked.share ?? undefined
    const joins = this.#share !== undefined && moves.some((move) => move.do === "admit" || move.do === "drain")
    if (asked !== undefined || joins) await this.#drive.crew.traffic.weigh(weightsFor(this.#roster, this.#share))
  }

  /** Until the time has come, or somebody says something; what serves, and the router, are looked after meanwhile. */
  async #wait({ untilMs = Number.POSITIVE_INFINITY, why }: { readonly untilMs?: number; readonly why: string }) {
    const { bench, diary, fleet, crew } = this.#drive
    bench.progress({ fleet: fleet.name, doing: why })
    const heard = (await diary.listen()).count
    let lookAtMs = diary.nowMs() + lookAfterEveryMs
    while (diary.nowMs() < untilMs) {
      await bench.sleep(Math.max(1, Math.min(pollMs, untilMs - diary.nowMs())), bench.signal)
      await bench.lease.ensure()
      refuseStopped(bench.signal)
      if ((await diary.listen()).count > heard) return
      if (diary.nowMs() < lookAtMs) continue
      await crew.traffic.phases()
      await crew.lookAfter(this.#roster.fresh.serving.take().map(({ id }) => id))
      lookAtMs = diary.nowMs() + lookAfterEveryMs
    }
  }

  async #measure(move: Extract<Move, { readonly do: "measure" }>): Promise<void> {
    const { bench, diary, fleet, crew } = this.#drive
    const over = new AbortController()
    const untilMs = diary.nowMs() + move.forMs
    const waiting = this.#wait({ untilMs, why: `measuring for ${move.forMs / 1000} s` }).finally(() => over.abort())
    const [requests] = await Promise.all([measure(crew.traffic, this.#roster, move, over.signal), waiting])
    // Somebody spoke before it was over: what they say comes first.
    if (diary.nowMs() < untilMs && requests.verdict !== "fail") return
    const judged = requests.verdict === "fail" ? requests : ((await askOutside(bench, move.gates)) ?? requests)
    bench.progress({ fleet: fleet.name, doing: `${judged.verdict}: ${judged.reason}` })
    await diary.write({ name: move.name, ...judged })
  }

  #note(): void {
    const { fresh, old, size } = this.#roster
    const nowMs = this.#drive.diary.nowMs()
    this.#counts.peak = Math.max(this.#counts.peak, size)
    if (this.#mixedSinceMs !== undefined) this.#counts.mixedMs += nowMs - this.#mixedSinceMs
    this.#mixedSinceMs = fresh.serving.size > 0 && old.serving.size > 0 ? nowMs : undefined
  }
}

const isPatient = (move: Move): boolean => move.do === "wait" || move.do === "measure"

const refuseTold = (fleet: Fleet, { abort, takeOver }: Told): void => {
  const at = `fleets.${fleet.name}`
  if (abort) throw new FireclayError("FC_ROLLOUT_ABORTED", "somebody said: abort", { at })
  if (takeOver) throw new FireclayError("FC_ROLLOUT_YIELDED", "another run takes over from here", { at })
}

const doing = (move: MemberMove, member: string): string => {
  if (move.do === "switch") return move.admit.includes(member) ? "admitting" : "draining"
  return { create: "creating", update: "updating", admit: "admitting", drain: "draining", retire: "retiring" }[move.do]
}

const admittedBy = (move: MemberMove): readonly string[] => {
  if (move.do === "admit") return [move.id]
  return move.do === "switch" ? move.admit : []
}
