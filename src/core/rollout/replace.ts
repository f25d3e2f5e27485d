import { FireclayError, type Fleet, type Instance, type Member, type Move } from "../../contract/index.ts"
import type { FleetRecord } from "../ledger.ts"
import type { Workbench } from "../workbench.ts"
import type { Crew, Target } from "./crew.ts"
import { healthGate } from "./gate.ts"
import { openTraffic } from "./traffic.ts"

/** Starts instances of an image and retires those of another. */
export const replaceCrew = async (
  bench: Workbench,
  fleet: Fleet,
  record: FleetRecord,
  target: Target,
  image: string,
): Promise<Crew> => {
  const engine = bench.engine()
  const traffic = await openTraffic(bench, fleet)
  const port = target.bundle.manifest.port ?? 0

  const ours = async (): Promise<readonly Instance[]> =>
    (await engine.list()).filter((instance) => instance.fleet === fleet.name)

  const members = async (): Promise<readonly Member[]> => {
    const phases = await traffic.phases()
    const instances = await ours()
    await forget(instances.filter(({ running }) => !running).map(({ name }) => name))
    return instances
      .filter(({ running }) => running)
      .map(({ name, release }) => ({ id: name, release, phase: phases.get(name) ?? "idle" }))
  }

  /** A dead instance is no member: it is cleared away, and the policy asks for another. */
  const forget = async (names: readonly string[]): Promise<void> => {
    await traffic.remove(names)
    await Promise.all(names.map((name) => engine.remove(name)))
  }

  const createOne = async (name: string): Promise<void> => {
    bench.progress({ fleet: fleet.name, member: name, doing: "starting" })
    const { volumes, scratch } = target.bundle.manifest
    await engine.create({ name, from: { image }, fleet: fleet.name, release: target.release.number, volumes, scratch })
    bench.progress({ fleet: fleet.name, member: name, doing: "waiting until healthy" })
    await healthGate(bench, engine.machine(name), target.bundle.manifest, bench.signal)
    bench.progress({ fleet: fleet.name, member: name, doing: "healthy" })
  }

  const create = async (count: number): Promise<void> => {
    const taken = new Set((await engine.list()).map(({ name }) => name))
    await settleAll(freeNames(fleet.name, target.release.number, count, taken).map(createOne))
  }

  const backends = async (ids: readonly string[]) => {
    const addresses = new Map((await ours()).map(({ name, address }) => [name, address]))
    return ids.flatMap((id) => {
      const address = addresses.get(id)
      return address === undefined ? [] : [{ id, address, port }]
    })
  }

  /** An instance that an earlier controller left is not known to be well. */
  const admit = async (ids: readonly string[]): Promise<void> => {
    await settleAll(ids.map((id) => healthGate(bench, engine.machine(id), target.bundle.manifest, bench.signal)))
    await traffic.admit(await backends(ids))
  }

  const retire = async (id: string): Promise<void> => {
    bench.progress({ fleet: fleet.name, member: id, doing: "retiring" })
    await forget([id])
    bench.progress({ fleet: fleet.name, member: id, doing: "retired", done: true })
  }

  const perform = async (move: Move): Promise<void> => {
    switch (move.do) {
      case "create":
        return create(move.count)
      case "admit":
        return admit([move.id])
      case "drain":
        return traffic.drain([move.id])
      case "switch":
        await admit(move.admit)
        return traffic.drain(move.drain)
      case "retire":
        return retire(move.id)
      default:
        throw new TypeError(`${move.do} is not a move of delivery by replacement`)
    }
  }

  /** First the old ones serve again, then the new ones go: never fewer than there are. */
  const revert = async (): Promise<void> => {
    const all = await ours()
    const old = all.filter(
      ({ release, running }) => running && release === record.current && release !== target.release.number,
    )
    await traffic.admit(await backends(old.map(({ name }) => name)))
    const failed = all
      .filter(({ release }) => release === target.release.number && release !== record.current)
      .map(({ name }) => name)
    await traffic.drain(failed)
    await Promise.all(failed.map(retire))
  }

  return { members, perform, revert, tidy: async () => undefined }
}

/** `FLEET-rRELEASE-N`: an instance's name says what it is, and is never used twice at a time. */
const freeNames = (fleet: string, release: number, count: number, taken: ReadonlySet<string>): readonly string[] => {
  const names: string[] = []
  for (let index = 1; names.length < count; index += 1) {
    const name = `${fleet}-r${release}-${index}`
    if (!taken.has(name)) names.push(name)
  }
  return names
}

/** Waits for all, then fails with the first failure: nothing goes on behind the back of what follows. */
const settleAll = async (work: readonly Promise<void>[]): Promise<void> => {
  const results = await Promise.allSettled(work)
  const failed = results.find((result) => result.status === "rejected")
  if (failed !== undefined)
    throw failed.reason instanceof Error ? failed.reason : new FireclayError("FC_INSTANCE_START", String(failed.reason))
}
