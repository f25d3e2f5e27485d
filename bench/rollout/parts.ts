import type { Boot } from "../../src/contract/index.ts"
import { type SwarmService, startSwarm } from "../../test/load/swarm.ts"
import { ensureDocker } from "../../test/support/docker.ts"
import { alternate, type Figures, figures } from "../support/measure.ts"
import { compare, describe, type Row, say } from "../support/results.ts"
import { startAlone } from "./alone.ts"
import { phasesOf, servedAfter } from "./phases.ts"
import { openSite, type Site, size, type Timed, type Version } from "./site.ts"

/** What one part of the bench found. */
export interface Part {
  readonly name: string
  readonly rows: readonly Row[]
  readonly raw: object
}

const change = `${size} instances v1 → v2, blue-green`

/** With each way to start: one instance on its own, the rollout, and the command around it. */
export const measureLocal = async (rounds: number): Promise<Part> => {
  await using program = await openSite({ engine: "local", boot: "process" })
  await using machine = await openSite({ engine: "local", boot: "systemd" })
  const [programs, machines] = [sidesOf(program), sidesOf(machine)]
  const timed = await alternate(
    {
      programAlone: programs.alone,
      programThree: programs.three,
      programRollout: programs.rollout,
      programCommand: programs.command,
      machineAlone: machines.alone,
      machineThree: machines.three,
      machineRollout: machines.rollout,
      machineCommand: machines.command,
    },
    rounds,
  )
  const process = measured(programs.rollouts.slice(-rounds), {
    ...{ alone: timed.programAlone, three: timed.programThree },
    ...{ rollout: timed.programRollout, command: timed.programCommand },
  })
  const systemd = measured(machines.rollouts.slice(-rounds), {
    ...{ alone: timed.machineAlone, three: timed.machineThree },
    ...{ rollout: timed.machineRollout, command: timed.machineCommand },
  })
  tell("local, process", process.sides)
  tell("local, systemd", systemd.sides)
  const beside = (what: string, ours: Figures): Row =>
    compare(
      { case: what, peerName: "start and first answer of one with systemd", unit: "ms" },
      ours,
      systemd.sides.alone,
    )
  return {
    name: "local",
    rows: [
      beside("start and first answer of one, local, process", process.sides.alone),
      beside(`${change}, local, process: until v1 is gone`, process.sides.rollout),
      ...rowsOf("process", process.sides),
      ...rowsOf("systemd", systemd.sides),
    ],
    raw: { process, systemd },
  }
}

const sidesOf = (site: Site) => {
  const next = turns()
  const rollouts: Timed[] = []
  return {
    rollouts,
    alone: () => startAlone(site, 1),
    three: () => startAlone(site, size),
    rollout: () => noted(rollouts, site.rollOut(next())),
    command: () => site.command(next()),
  }
}

interface LocalSides {
  readonly alone: Figures
  readonly three: Figures
  readonly rollout: Figures
  readonly command: Figures
}

const measured = (rollouts: readonly Timed[], sides: LocalSides) => ({
  sides: { ...sides, served: figures(rollouts.map(servedAfter)) },
  phases: phasesOf(rollouts),
})

const rowsOf = (boot: Boot, sides: ReturnType<typeof measured>["sides"]): readonly Row[] => {
  const against = (peer: Figures, peerName: string, goal?: number) => (what: string, ours: Figures) =>
    compare(
      {
        ...{ case: `${change}, local, ${boot}: ${what}`, peerName, unit: "ms" },
        ...(goal === undefined ? {} : { goal }),
      },
      ours,
      peer,
    )
  const one = against(sides.alone, "start and first answer of one", 1.3)
  return [
    one("until all requests meet v2", sides.served),
    against(sides.three, `the same of ${size} side by side`)("until all requests meet v2", sides.served),
    one("until v1 is gone", sides.rollout),
    one("the whole command", sides.command),
  ]
}

/** Ours and Swarm's as commands that end when all is done. */
export const measureDocker = async (rounds: number): Promise<Part> => {
  await using cleanup = new AsyncDisposableStack()
  cleanup.adopt(await ensureDocker(), ({ dispose }) => dispose())
  const swarm = cleanup.adopt(await startSwarm(size), ({ dispose }) => dispose())
  const site = cleanup.use(await openSite({ engine: "docker" }))
  const [next, nextOfSwarm] = [turns(), turns()]
  await swarm.pause()
  const rollouts: Timed[] = []
  const sides = await alternate(
    {
      command: () => site.command(next()),
      swarm: () => whileAwake(swarm, () => swarm.update(nextOfSwarm())),
      rollout: () => noted(rollouts, site.rollOut(next())),
    },
    rounds,
  )
  tell("docker", sides)
  const swarmName = "docker service update, start-first, parallelism 1"
  const what = { case: `${change}, docker: the whole command`, peerName: swarmName, unit: "ms", goal: 0.2 }
  return {
    name: "docker",
    rows: [compare(what, sides.command, sides.swarm)],
    raw: { ...sides, phases: phasesOf(rollouts.slice(-rounds)), swarmSettings: swarm.settings },
  }
}

/** Its tasks go on for as long as they are measured: milliseconds of that alone. */
const whileAwake = async (swarm: SwarmService, work: () => Promise<void>): Promise<number> => {
  await swarm.resume()
  const began = performance.now()
  await work()
  const took = performance.now() - began
  await swarm.pause()
  return took
}

/** There and back: only the way back is measured. */
export const measureKept = async (rounds: number): Promise<Part> => {
  await using site = await openSite({ engine: "local", keep: "1h" })
  const rollbacks: Timed[] = []
  const sides = await alternate(
    {
      rollback: async () => {
        await site.command("v2")
        return noted(rollbacks, site.rollBack())
      },
      command: async () => {
        await site.command("v2")
        const began = performance.now()
        await site.rollBackCommand()
        return performance.now() - began
      },
    },
    rounds,
  )
  tell("kept", sides)
  const row = (what: string, ours: Figures): Row => limited(`rollback of a kept blue-green${what}`, ours, 300)
  return {
    name: "kept",
    rows: [row("", sides.rollback), row(": the whole command", sides.command)],
    raw: { ...sides, phases: phasesOf(rollbacks.slice(-rounds)) },
  }
}

/** One version after the other. A site opens at the second. */
const turns = (): (() => Version) => {
  let turn = 0
  return () => (turn++ % 2 === 0 ? "v1" : "v2")
}

const noted = async (all: Timed[], one: Promise<Timed>): Promise<number> => {
  const timed = await one
  all.push(timed)
  return timed.ms
}

const limited = (name: string, ours: Figures, limitMs: number): Row => {
  const limit = { median: limitMs, lowest: limitMs, highest: limitMs, runs: [] }
  return compare({ case: name, peerName: "the limit", unit: "ms", goal: 1 }, ours, limit)
}

const tell = (part: string, sides: { readonly [name: string]: Figures }): void => {
  for (const [name, of] of Object.entries(sides)) say(describe(`${part}: ${name}`, of))
}
