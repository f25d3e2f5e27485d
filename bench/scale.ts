// `npm run bench:scale`: what it takes to decide what happens next in a rollout, by the size of the fleet: the real
// executor with an engine, a router and a store in memory. `-- --quick` goes to 2,000 instances, `-- --json` prints the
// document.
import type { Fleet, Strategy, StrategyFor } from "../src/contract/index.ts"
import { rollOut } from "../src/core/rollout/rollout.ts"
import { fleet, local, replace } from "../src/spec/index.ts"
import {
  allAtOnce,
  blueGreen,
  canary,
  immutable,
  rolling,
  rollingWithAdditionalBatch,
} from "../src/strategies/index.ts"
import { webBundle, webSpec } from "../test/core/rollout-fixture.ts"
import { testBench } from "../test/support/bench.ts"
import { nameFleet } from "../test/support/fleet.ts"
import { type Row, readOptions, report, say } from "./support/results.ts"

const options = readOptions()
const sizes = options.quick ? ([20, 200, 2_000] as const) : ([100, 1_000, 10_000] as const)
const [small, , large] = sizes

const strategies: readonly StrategyFor<"replace">[] = [
  allAtOnce(),
  rolling({ batch: 10 }),
  rollingWithAdditionalBatch({ batch: 10 }),
  immutable(),
  blueGreen(),
  canary({ steps: [{ weight: 10, for: "1ms" }], gates: [] }),
]

interface Played {
  readonly strategy: string
  readonly size: number
  readonly moves: number
  /** Microseconds for each move: deciding, and all that the controller did. */
  readonly decisionUs: number
  readonly wholeUs: number
  readonly logBytes: number
  readonly memoryMegabytes: number
}

/** A second release over a first one, with a clock around every question to the policy. */
const play = async (strategy: StrategyFor<"replace">, size: number): Promise<Played> => {
  const bench = testBench()
  const on = fleetOf(strategy, size)
  await rollOut(bench, fleetOf(allAtOnce(), size), { bundle: await webBundle(1) })
  const before = (await bench.store.events()).length
  const policy = bench.strategies.get(strategy.name)
  if (policy === undefined) throw new Error(`no strategy ${strategy.name}`)
  const clock = { ms: 0 }
  const strategies = new Map([[strategy.name, timed(policy, clock)]])
  const began = performance.now()
  const { moves } = await rollOut({ ...bench, strategies }, on, { bundle: await webBundle(2) })
  const wholeMs = performance.now() - began
  const log = (await bench.store.events()).slice(before)
  return {
    strategy: strategy.name,
    size,
    moves,
    decisionUs: round((1_000 * clock.ms) / moves),
    wholeUs: round((1_000 * wholeMs) / moves),
    logBytes: Buffer.byteLength(JSON.stringify(log)),
    memoryMegabytes: round(process.memoryUsage().rss / 1e6),
  }
}

const timed = (policy: Strategy, clock: { ms: number }): Strategy => ({
  ...policy,
  next: (view, given) => {
    const began = performance.now()
    try {
      return policy.next(view, given)
    } finally {
      clock.ms += performance.now() - began
    }
  },
})

const fleetOf = (strategy: StrategyFor<"replace">, count: number): Fleet => {
  const on = local({ count: 1 })
  const by = replace({ strategy, drain: "1s", ramp: "0s" })
  // More than a configuration may name on one computer.
  return {
    ...nameFleet(fleet(webSpec(1), { on, by, listen: 8080 })),
    on: { ...on, count } as Fleet["on"],
  }
}

const round = (value: number): number => Math.round(value * 10) / 10

const played: Played[] = []
for (const strategy of strategies)
  for (const size of sizes) {
    played.push(await play(strategy, size))
    const last = played.at(-1)
    say(
      `${strategy.name}, ${size}: ${last?.moves} moves, ${last?.decisionUs} µs to decide each, ${last?.wholeUs} µs in all, log ${round((last?.logBytes ?? 0) / 1e6)} MB, ${last?.memoryMegabytes} MB of memory`,
    )
  }

/** Goal: it grows no faster than the logarithm of the size; the clock's own noise is a microsecond. */
const rowOf = ({ name }: { readonly name: string }): Row => {
  const at = (size: number): number =>
    played.find((each) => each.strategy === name && each.size === size)?.decisionUs ?? 0
  const goal = round(Math.log(large) / Math.log(small))
  const ratio = Math.round((100 * Math.max(1, at(large))) / Math.max(1, at(small))) / 100
  const peerName = `${small} instances`
  return {
    case: `${name}, ${large} instances`,
    ours: at(large),
    peer: at(small),
    peerName,
    unit: "µs to decide a move",
    ratio,
    goal,
    met: ratio <= goal,
  }
}

await report(
  {
    name: "scale",
    method: [
      "One rollout of a second release for each strategy and size, by the executor itself, with engine, router and store in",
      "memory. Measured is the time in the policy, for each move. Looking at the whole fleet, and what engine and router",
      "take, are in the time of all, which is among the raw figures; the router in memory lists all its backends.",
    ],
    rows: strategies.map(rowOf),
    raw: { played },
  },
  options,
)
