import type { Gate, Move, Served, Sides } from "../../contract/index.ts"
import type { Workbench } from "../workbench.ts"
import { type Judgement, judge, type Sample } from "./judge.ts"
import type { Traffic } from "./traffic.ts"

type Measure = Extract<Move, { readonly do: "measure" }>

/** Listens to the requests of both sides until it is over, and says what the gates make of them. */
export const measure = async (
  traffic: Traffic,
  members: Sides,
  move: Measure,
  over: AbortSignal,
): Promise<Judgement> => {
  const [fresh, old] = [new Tally(freshIds(members)), new Tally(comparedIds(members))]
  await traffic.watch((served) => {
    fresh.add(served)
    old.add(served)
  }, over)
  return judge(move.gates, fresh.sample(), old.sample(), move.leastRequests)
}

/** Asks what stands outside; `undefined`: all of it is content. */
export const askOutside = async (bench: Workbench, gates: readonly Gate[]): Promise<Judgement | undefined> => {
  for (const gate of gates) {
    if (gate.kind !== "http" && gate.kind !== "command") continue
    const { good, said } = await bench.check(gate, bench.signal)
    if (!good) return { verdict: "fail", reason: `${gate.kind === "http" ? gate.url : gate.argv[0]}: ${said}` }
  }
  return undefined
}

const freshIds = ({ fresh }: Sides): readonly string[] => fresh.serving.take().map(({ id }) => id)

/** Members that were made to be compared with, where there are any. */
const comparedIds = ({ old }: Sides): readonly string[] => {
  const serving = old.serving.take()
  const made = serving.filter(({ baseline }) => baseline === true)
  return (made.length > 0 ? made : serving).map(({ id }) => id)
}

/** The requests that some members served. */
class Tally {
  readonly #ids: ReadonlySet<string>
  readonly #latenciesMs: number[] = []
  #failed = 0

  constructor(ids: readonly string[]) {
    this.#ids = new Set(ids)
  }

  add({ id, status, latencyMs }: Served): void {
    if (!this.#ids.has(id)) return
    this.#latenciesMs.push(latencyMs)
    if (status >= 500 || status < 100) this.#failed += 1
  }

  sample(): Sample {
    return {
      requests: this.#latenciesMs.length,
      failed: this.#failed,
      latenciesMs: this.#latenciesMs.toSorted((left, right) => left - right),
    }
  }
}
