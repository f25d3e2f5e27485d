import {
  type Delivery,
  type Member,
  type Move,
  Roster,
  type Strategy,
  type StrategyOptions,
} from "../contract/index.ts"

/** Milliseconds that each kind of move takes. */
export type Pace = { readonly [kind in PacedMove]: number }

export type PacedMove = Extract<Move["do"], "create" | "update" | "admit" | "drain" | "switch" | "retire">

/** For fleets that nothing is known of yet: what a small service takes on one machine. */
export const unknownPace: Pace = { create: 2_000, update: 2_000, admit: 10, drain: 100, switch: 100, retire: 200 }

export interface Forecast {
  readonly created: number
  readonly updated: number
  readonly retired: number
  /** Instances or machines at the same time, at most. */
  readonly peak: number
  /** Rounds of moves that wait for each other. */
  readonly rounds: number
  /** Fewest members that serve at any time. */
  readonly leastServing: number
  readonly seconds: number
  /** How long two releases serve side by side. */
  readonly mixedSeconds: number
  /** Somebody has to say something on the way: how long that takes is not in it. */
  readonly waitsForPerson: boolean
}

export interface ForecastStart {
  readonly delivery: Delivery
  readonly target: number
  readonly size: number
  readonly members: readonly Member[]
  /** Milliseconds for which the target is in force already. */
  readonly inForceMs?: number | undefined
  /** Milliseconds for which the fleet is watched at the end. */
  readonly watchMs?: number | undefined
  readonly pace?: Pace | undefined
}

/** Plays a policy through on paper, as if everything went well. Pure. */
export const forecast = (strategy: Strategy, options: StrategyOptions, start: ForecastStart): Forecast => {
  const paper = new Paper(strategy, options, start)
  // A policy that has not come to its end by then never will.
  const mostRounds = 10_000 + 20 * start.size
  let rounds = 0
  while (rounds < mostRounds && paper.play()) rounds += 1
  return { ...paper.result(), rounds }
}

/** A fleet and a clock that exist on paper only. */
class Paper {
  readonly #strategy: Strategy
  readonly #options: StrategyOptions
  readonly #start: ForecastStart
  readonly #roster: Roster
  readonly #marks: { readonly name: string; readonly atMs: number; readonly verdict?: "pass" }[] = []
  #share: number | null = null
  #nowMs = 0
  #mixedMs = 0
  #made = 0
  #waitsForPerson = false
  readonly #counts = { created: 0, updated: 0, retired: 0, peak: 0, leastServing: Number.POSITIVE_INFINITY }

  constructor(strategy: Strategy, options: StrategyOptions, start: ForecastStart) {
    this.#strategy = strategy
    this.#options = options
    this.#start = start
    this.#roster = new Roster(start.target, strategy.arrange?.(start.members, start.target, options) ?? start.members)
    this.#note()
  }

  /** One answer of the policy. False: it asks for nothing more. */
  play(): boolean {
    const { delivery, target, size, inForceMs } = this.#start
    const moves = this.#strategy.next(
      {
        delivery,
        target,
        size,
        members: this.#roster,
        nowMs: this.#nowMs,
        marks: this.#marks,
        ...(this.#share === null ? {} : { share: this.#share }),
        ...(inForceMs === undefined ? {} : { inForceMs }),
      },
      this.#options,
    )
    if (moves.length === 0) return false
    const mixedBefore = this.#isMixed()
    const tookMs = Math.max(...moves.map((move) => this.#costOf(move)))
    const beganMs = this.#nowMs
    this.#nowMs += tookMs
    for (const move of moves) this.#apply(move)
    if (mixedBefore || this.#isMixed()) this.#mixedMs += this.#nowMs - beganMs
    this.#note()
    return true
  }

  result(): Omit<Forecast, "rounds"> {
    const { watchMs = 0 } = this.#start
    const { created, updated, retired } = this.#counts
    const watchedMs = created + updated + retired > 0 ? watchMs : 0
    return {
      ...this.#counts,
      seconds: (this.#nowMs + watchedMs) / 1_000,
      mixedSeconds: this.#mixedMs / 1_000,
      waitsForPerson: this.#waitsForPerson,
    }
  }

  #costOf(move: Move): number {
    const pace = this.#start.pace ?? unknownPace
    switch (move.do) {
      case "wait":
        return Math.max(0, (move.untilMs ?? this.#nowMs) - this.#nowMs)
      case "measure":
        return move.forMs
      case "mark":
      case "weigh":
      case "preview":
      case "fail":
        return 0
      default:
        return pace[move.do]
    }
  }

  #apply(move: Move): void {
    switch (move.do) {
      case "create":
        this.#create(move.count, move.baseline === true)
        break
      case "update":
        this.#counts.updated += 1
        this.#set(move.id, { release: this.#start.target })
        break
      case "admit":
      case "drain":
        this.#set(move.id, { phase: move.do === "admit" ? "serving" : "drained" })
        break
      case "switch":
        for (const id of move.admit) this.#set(id, { phase: "serving" })
        for (const id of move.drain) this.#set(id, { phase: "drained" })
        break
      case "retire":
        this.#counts.retired += 1
        this.#roster.remove(move.id)
        break
      case "weigh":
        this.#share = move.share
        break
      case "wait":
        if (move.untilMs === undefined) this.#promote()
        break
      case "mark":
        this.#marks.push({ name: move.name, atMs: this.#nowMs })
        break
      case "measure":
        this.#measured(move.name)
        break
    }
  }

  #create(count: number, baseline: boolean): void {
    const old = this.#roster.old.serving.take(1)[0]?.release
    const kind = baseline ? ({ release: old, baseline } as const) : ({ release: this.#start.target } as const)
    for (let index = 0; index < count; index += 1) {
      this.#made += 1
      this.#roster.put({ id: `new-${this.#made}`, phase: "idle", ...kind })
    }
    this.#counts.created += count
  }

  #set(id: string, change: Partial<Member>): void {
    const member = this.#roster.get(id)
    if (member !== undefined) this.#roster.put({ ...member, ...change })
  }

  #promote(): void {
    this.#waitsForPerson = true
    this.#marks.push({ name: "promote", atMs: this.#nowMs })
  }

  /** A step that is measured again and again is one that a person ends. */
  #measured(name: string): void {
    this.#marks.push({ name, atMs: this.#nowMs, verdict: "pass" })
    if (this.#marks.filter((mark) => mark.name === name).length % mostMeasurements === 0) this.#promote()
  }

  #isMixed(): boolean {
    return this.#roster.fresh.serving.size > 0 && this.#roster.old.serving.size > 0
  }

  #note(): void {
    const { fresh, old, size } = this.#roster
    this.#counts.peak = Math.max(this.#counts.peak, size)
    this.#counts.leastServing = Math.min(this.#counts.leastServing, fresh.serving.size + old.serving.size)
  }
}

const mostMeasurements = 1_000
