import { setTimeout as sleep } from "node:timers/promises"
import type { StoredEvent } from "../../src/contract/index.ts"
import { readFleet } from "../../src/core/ledger.ts"
import { type Load, startLoad } from "../../src/probes/index.ts"
import { findProcesses } from "../../src/routers/haproxy/process.ts"
import { lastLines } from "../../src/system/process.ts"
import { nameOf } from "../load/cells.ts"
import { fleetName } from "../load/fleet.ts"
import type { CliResult } from "../support/project.ts"
import { belongings, type Subject } from "./subject.ts"
import { kill, type Victim } from "./victims.ts"

/** Who is killed when: so long after that event of the rollout, counted from 0, was seen in the log. */
export interface Kill {
  readonly victim: Victim
  readonly moment: number
  readonly delayMs: number
}

/** What came of it. */
export interface Outcome {
  readonly field: string
  readonly victim: Victim
  /** Number and name of the last event before the kill. */
  readonly moment: number
  readonly event: string
  readonly delayMs: number
  /** False: the rollout was over before. */
  readonly killed: boolean
  /** How the disturbed run ended: its exit code, or `killed`, and the code of its error. */
  readonly ended: string
  readonly seconds: number
  /** How long the next run took. */
  readonly nextSeconds: number
  /** Sent meanwhile, and how many of them failed. */
  readonly requests: number
  readonly failedRequests: number
  /** What was not right after that. */
  readonly faults: readonly string[]
}

/** Long after any of these rollouts would have ended by itself. */
const hungAfterMs = 180_000

/** A version's rollout is disturbed, the next run ends it, and all is looked at. `before`: what there was of the fleet. */
export const disturb = async (
  subject: Subject,
  version: string,
  { victim, moment, delayMs }: Kill,
  before: readonly string[],
): Promise<Outcome> => {
  const known = (await subject.events()).length
  const { releases } = await readFleet(subject.store, fleetName)
  const load = startRequests(subject)
  const beganMs = performance.now()
  await subject.want(version)
  const run = subject.project.begin("apply", "--yes")
  const hung = setTimeout(run.kill, hungAfterMs)
  const seen = await untilEvent(subject, known, moment, run.ended)
  await sleep(delayMs)
  const killed = await kill(victim, subject, run, releases.length + 1)
  const first = await run.ended
  clearTimeout(hung)
  const [seconds, nextMs] = [since(beganMs), performance.now()]
  const hangs = seconds * 1000 >= hungAfterMs ? ["the run did not end"] : []
  const said = victim === "controller" ? [] : await tellsWhy(subject, first, known)
  const next = await subject.project.fireclay("apply", "--yes")
  const nextSeconds = since(nextMs)
  const { requests, failed: failedRequests, reasons } = await load.stop()
  // Whoever carries requests lived.
  const lost = victim === "controller" && failedRequests > 0 ? [`requests failed: ${JSON.stringify(reasons)}`] : []
  return {
    field: nameOf(subject.cell),
    ...{ victim, moment, delayMs, killed, seconds, nextSeconds, requests, failedRequests },
    event: seen === undefined ? "the end" : labelOf(seen),
    ended: endingOf(first),
    faults: [...hangs, ...said, ...lost, ...(await wrongs(subject, version, next, before))],
  }
}

/** Enough for a canary to judge by. In place, all at once, they wait until the next run has ended the first one. */
export const startRequests = ({ url }: Subject): Load =>
  startLoad({ url, ratePerSecond: 200, timeoutMs: 30_000, classify: (body) => body.trim() })

/** `rollout.moves: create`: an event, with what the first of its moves does. */
export const labelOf = ({ kind, body }: StoredEvent): string => {
  const [move] = Array.isArray(body.moves) ? body.moves : []
  const verb = typeof move === "object" && move !== null && "do" in move ? move.do : body.name
  return typeof verb === "string" ? `${kind}: ${verb}` : kind
}

/** The event with that number after those that are known; undefined when the run ends before. */
const untilEvent = async (
  subject: Subject,
  known: number,
  moment: number,
  ended: Promise<unknown>,
): Promise<StoredEvent | undefined> => {
  let over = false
  void ended.then(() => {
    over = true
  })
  for (;;) {
    const event = (await subject.events())[known + moment]
    if (event !== undefined || over) return event
    await sleep(5)
  }
}

const endingOf = ({ exitCode, json }: CliResult): string => {
  if (exitCode === -1) return "killed"
  return json?.error === undefined ? String(exitCode) : `${exitCode} ${json.error.code}`
}

const reasonOf = ({ json, stderr }: CliResult): string => json?.error?.message ?? lastLines(stderr, 3).join(" / ")

/** A run that failed says why, to whoever started it and in the log. */
const tellsWhy = async (subject: Subject, first: CliResult, known: number) => {
  const { exitCode, json } = first
  if (exitCode === 0) return []
  const kinds = (await subject.events()).slice(known).map(({ kind }) => kind)
  const told = kinds.some((kind) => /^rollout\.(reverted|stopped|failed)$/.test(kind))
  return [
    ...(/^FC_/.test(json?.error?.code ?? "") ? [] : [`it ended with ${exitCode} and no error: ${reasonOf(first)}`]),
    ...(kinds.includes("rollout.started") && !told ? ["the log does not say how the rollout ended"] : []),
  ]
}

/** What is not as it should be once the next run is over. What goes away by itself gets some time to. */
const wrongs = async (
  subject: Subject,
  version: string,
  next: CliResult,
  before: readonly string[],
): Promise<readonly string[]> => {
  const failed = next.exitCode === 0 ? [] : [`the next run ended with ${endingOf(next)}: ${reasonOf(next)}`]
  let found: readonly string[] = []
  for (let attempt = 0; attempt < 20; attempt += 1) {
    found = [...(await fleetWrongs(subject)), ...(await strays(subject, before))]
    if (found.length === 0) break
    await sleep(500)
  }
  return [...failed, ...found, ...(await answerWrongs(subject, version)), ...(await logWrongs(subject))]
}

interface MemberDocument {
  readonly name: string
  readonly release: number
  readonly healthy: boolean
  readonly traffic: string
}

const fleetWrongs = async ({ project, store, size }: Subject): Promise<readonly string[]> => {
  const { current } = await readFleet(store, fleetName)
  const [status] = (await project.fireclay("status")).json?.fleets ?? []
  // What is kept for a way back takes no requests, and may be dead.
  const aside: readonly string[] = status?.kept?.members ?? []
  const all: readonly MemberDocument[] = status?.members ?? []
  const members = all.filter(({ name }) => !aside.includes(name))
  const well = members.filter(({ release, healthy, traffic }) => release === current && healthy && traffic === "ready")
  return [
    ...(members.length === size ? [] : [`${members.length} members instead of ${size}`]),
    ...members.filter((member) => !well.includes(member)).map((member) => `not well: ${JSON.stringify(member)}`),
    ...(status?.interrupted === false && status?.mixed === false ? [] : ["the fleet counts as interrupted or mixed"]),
  ]
}

/** Instances, networks, mounts, links, addresses and processes that nobody needs; servers of the router included. */
const strays = async (subject: Subject, before: readonly string[]): Promise<readonly string[]> => {
  const now = await belongings(subject)
  const routers = (await findProcesses(subject.routerConfig)).length
  const members = new Set((await subject.engine.list()).map(({ name }) => name))
  const servers = await subject.servers()
  return [
    ...now.filter((line) => isMore(line, before)).map((line) => `${line}, and before: ${before.join(", ")}`),
    ...(routers === 1 ? [] : [`${routers} processes of the router`]),
    ...servers.filter((name) => !members.has(name)).map((name) => `the router still has ${name}`),
    ...[...members].filter((name) => !servers.includes(name)).map((name) => `the router does not have ${name}`),
  ]
}

/** `4 × container`. Fewer are no strays: what blue-green keeps aside may be gone. */
const isMore = (line: string, before: readonly string[]): boolean => {
  const [count = "", kind = ""] = line.split(" × ")
  const earlier = before.find((other) => other.split(" × ")[1] === kind)
  return earlier === undefined || Number(count) > Number.parseInt(earlier, 10)
}

const answerWrongs = async (subject: Subject, version: string): Promise<readonly string[]> => {
  const answers = await Promise.all(
    Array.from({ length: 10 }, () =>
      fetch(subject.url, { headers: { connection: "close" } }).then(
        async (answer) => (await answer.text()).trim(),
        (error: unknown) => String(error),
      ),
    ),
  )
  const other = answers.find((answer) => answer !== version)
  const plan = await subject.project.fireclay("plan", "--detailed-exitcode")
  return [
    ...(other === undefined ? [] : [`an answer is ${other} instead of ${version}`]),
    ...(plan.exitCode === 0 ? [] : [`a plan has something left to do: ${endingOf(plan)}`]),
  ]
}

const logWrongs = async ({ store }: Subject): Promise<readonly string[]> => {
  const misfit = await store.verify()
  const { open } = await readFleet(store, fleetName)
  return [
    ...(misfit === undefined ? [] : [`the log does not fit together: ${JSON.stringify(misfit)}`]),
    ...(open === undefined ? [] : ["a rollout is still open in the log"]),
  ]
}

const since = (beganMs: number): number => Number(((performance.now() - beganMs) / 1000).toFixed(1))
