import type { Delivery, Fleet } from "../contract/index.ts"
import { sizingOf } from "./fleet-size.ts"
import { type FleetRecord, readFleet } from "./ledger.ts"
import { readMachineState } from "./machine-state.ts"
import { fleetMachines } from "./machines.ts"
import { type KeptAside, keptAside, type RolloutStanding, standingOf } from "./rollout/standing.ts"
import type { Workbench } from "./workbench.ts"

export interface MemberStatus {
  readonly name: string
  readonly release: number | undefined
  readonly running: boolean
  /** `undefined`: the spec has no health check. */
  readonly healthy: boolean | undefined
  /** `undefined`: the fleet has no router. */
  readonly traffic: "ready" | "drain" | "none" | undefined
  readonly inFlight: number
  readonly address: string | undefined
  /** A limited run has changed it since its release. */
  readonly limited?: true
  /** Resources that owe a reaction, such as a restart. */
  readonly owed?: readonly string[]
  /** Why nothing more is known. */
  readonly problem?: string
}

export interface FleetStatus {
  readonly fleet: string
  readonly delivery: Delivery
  readonly current: number | undefined
  /** A rollout whose controller died. */
  readonly interrupted: boolean
  /** A rollout that has not come to its end. */
  readonly rollout?: RolloutStanding
  /** What blue-green has left aside for a quick way back. */
  readonly kept?: KeptAside
  /** By replacement: how many instances there are to be, and what the configuration says. */
  readonly size?: { readonly wanted: number; readonly configured: number }
  /** Machines are at other releases than the one in force, because a rollout ended so. */
  readonly mixed: boolean
  readonly listen: number | undefined
  readonly members: readonly MemberStatus[]
}

/** Looks at each member of a fleet: what it runs, whether it is well, whether it takes requests. */
export const statusOf = async (bench: Workbench, fleet: Fleet): Promise<FleetStatus> => {
  const record = await readFleet(bench.store, fleet.name)
  const found =
    fleet.by.delivery === "in-place" ? await lookAtMachines(bench, fleet) : await lookAtInstances(bench, fleet)
  const traffic = new Map((await bench.router(fleet)?.peek())?.map((backend) => [backend.id, backend]))
  const members = await Promise.all(
    found.map(async (member): Promise<MemberStatus> => {
      const backend = traffic.get(member.name)
      return {
        ...member,
        healthy: member.running ? await isHealthy(bench, fleet, record, member) : false,
        traffic: fleet.listen === undefined ? undefined : (backend?.state ?? "none"),
        inFlight: backend?.inFlight ?? 0,
      }
    }),
  )
  const rollout = await standingOf(bench, fleet, record)
  const kept = keptAside(fleet, record, members)
  const sizing = sizingOf(fleet, record)
  return {
    fleet: fleet.name,
    delivery: fleet.by.delivery,
    current: record.current,
    interrupted: rollout?.driven === false,
    ...(rollout === undefined ? {} : { rollout }),
    ...(kept === undefined ? {} : { kept }),
    ...(sizing === undefined ? {} : { size: { wanted: sizing.size, configured: sizing.configured } }),
    mixed: record.elsewhere.size > 0,
    listen: fleet.listen,
    members,
  }
}

type Found = Pick<MemberStatus, "name" | "release" | "running" | "address" | "problem" | "limited" | "owed">

const lookAtMachines = async (bench: Workbench, fleet: Fleet): Promise<readonly Found[]> =>
  Promise.all(
    (await fleetMachines(bench, fleet)).map(async ({ name, exists, machine }): Promise<Found> => {
      if (!exists) return { name, release: undefined, running: false, address: undefined }
      try {
        const { state, broken } = await readMachineState(machine)
        const problem = broken === undefined ? {} : { problem: `an undo did not finish: ${broken}` }
        const limited = state?.limited === undefined ? {} : { limited: state.limited }
        const owed = state?.owed === undefined ? {} : { owed: state.owed.map(({ resource }) => resource) }
        const found = { name, release: state?.release, running: true, address: await machine.address() }
        return { ...found, ...limited, ...owed, ...problem }
      } catch (error) {
        return {
          name,
          release: undefined,
          running: false,
          address: undefined,
          problem: error instanceof Error ? error.message : String(error),
        }
      }
    }),
  )

const lookAtInstances = async (bench: Workbench, fleet: Fleet): Promise<readonly Found[]> =>
  (await bench.engine(fleet).list())
    .filter((instance) => instance.fleet === fleet.name)
    .map(({ name, release, running, address }) => ({ name, release, running, address }))

/** One quick question, with the health check of the release that the member runs. */
const isHealthy = async (
  bench: Workbench,
  fleet: Fleet,
  record: FleetRecord,
  member: Found,
): Promise<boolean | undefined> => {
  const manifest = record.releases.find(({ number }) => number === member.release)?.manifest ?? fleet.spec
  if (manifest.health === undefined || manifest.port === undefined || member.address === undefined) return undefined
  const quick = { ...manifest.health, withinMs: 1_500, successes: 1 }
  return (await bench.probe({ address: member.address, port: manifest.port, health: quick }, bench.signal)).healthy
}
