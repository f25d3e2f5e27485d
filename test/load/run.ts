import { setTimeout as sleep } from "node:timers/promises"
import {
  type LoadResult,
  type Mix,
  type MixOptions,
  type MixResult,
  mixKinds,
  startMix,
} from "../../src/probes/index.ts"
import type { LoadFleet } from "./fleet.ts"

/** What happened to one fleet. */
export interface Outcome {
  readonly name: string
  readonly requests: number
  readonly messages: number
  readonly failed: number
  readonly reasons: { readonly [reason: string]: number }
  /** Of requests on kept connections. */
  readonly longestGapMs: number
  readonly p99Ms: number
  readonly slowestMs: number
  /** The most that the load itself was late: its computer was busy. */
  readonly lateMs: number
  readonly seconds: number
  readonly changes: readonly Change[]
  readonly kinds: { readonly [kind: string]: Pick<LoadResult, "requests" | "failed" | "latencyMs" | "examples"> }
  readonly sockets: Omit<MixResult["sockets"], "messages">
}

export interface Change {
  readonly to: string
  readonly seconds: number
}

/** What is changed under load, and how: versions in the order in which they are to serve. */
export interface Subject {
  readonly name: string
  readonly url: string
  readonly changes: readonly { readonly to: string; readonly make: () => Promise<void> }[]
}

/** A fleet at v1 that goes to v2 as its configuration does, and back by a rollback. */
export const thereAndBack = (name: string, fleet: LoadFleet): Subject => ({
  name,
  url: fleet.url,
  changes: [
    { to: "v2", make: () => fleet.apply("v2") },
    { to: "v1", make: () => fleet.rollback() },
  ],
})

/** How the load is, but for where it goes. */
export type Rates = Omit<MixOptions, "url" | "classify">

const steadyMs = 1_000

/** Changes it under load, and goes on with the load until there were so many requests. */
export const changeUnderLoad = async (subject: Subject, rates: Rates, requests: number): Promise<Outcome> => {
  const mix = startMix({ ...rates, url: subject.url, classify: (body) => body.trim().split(" ")[0] ?? "" })
  const changes: Change[] = []
  try {
    await sleep(steadyMs)
    for (const { to, make } of subject.changes) {
      const beganMs = mix.mark()
      await make()
      changes.push({ to, seconds: (mix.mark() - beganMs) / 1000 })
      await sleep(steadyMs)
    }
    await untilSent(mix, rates, requests)
  } catch (error) {
    await mix.stop()
    throw error
  }
  return describe(subject, changes, mix.mark() / 1000, await mix.stop())
}

const untilSent = async (mix: Mix, rates: Rates, requests: number): Promise<void> => {
  const perSecond = rates.keptPerSecond + rates.freshPerSecond + rates.slowPerSecond + rates.uploadsPerSecond
  const leftMs = (requests / perSecond) * 1000 - mix.mark()
  if (leftMs > 0) await sleep(leftMs)
}

const describe = (subject: Subject, changes: readonly Change[], seconds: number, result: MixResult): Outcome => {
  const { kinds, sockets } = result
  const { messages, ...connections } = sockets
  const unseen = subject.changes.filter(({ to }) => !(to in kinds.kept.classes)).map(({ to }) => to)
  return {
    name: subject.name,
    requests: result.requests,
    messages: result.messages,
    failed: result.failed + unseen.length,
    reasons: { ...result.reasons, ...Object.fromEntries(unseen.map((to) => [`${to} was never seen`, 1])) },
    longestGapMs: round(kinds.kept.longestGapMs),
    p99Ms: round(kinds.kept.latencyMs.p99),
    slowestMs: round(kinds.kept.latencyMs.max),
    lateMs: round(Math.max(...mixKinds.map((kind) => kinds[kind].lateMs))),
    seconds: round(seconds),
    changes: changes.map((change) => ({ ...change, seconds: round(change.seconds) })),
    kinds: Object.fromEntries([
      ...mixKinds.map((kind) => [kind, brief(kinds[kind])] as const),
      ["messages", brief(messages)],
    ]),
    sockets: connections,
  }
}

const brief = ({ requests, failed, latencyMs, examples }: LoadResult) => ({
  requests,
  failed,
  examples,
  latencyMs: {
    p50: round(latencyMs.p50),
    p99: round(latencyMs.p99),
    p999: round(latencyMs.p999),
    max: round(latencyMs.max),
  },
})

const round = (value: number): number => Number(value.toFixed(1))
