import type { Backend, Engine, FireclayError, Fleet, Instance, Member, Move, StartFiles } from "../../contract/index.ts"
import { bake } from "../bake.ts"
import { sizeOf } from "../fleet-size.ts"
import { type FleetRecord, loadBundle, releaseOf } from "../ledger.ts"
import { openBundle } from "../seal.ts"
import { openStartFiles, startSecrets } from "../start-files.ts"
import type { Workbench } from "../workbench.ts"
import type { Crew, Target, Versions } from "./crew.ts"
import { healthGate } from "./gate.ts"
import { openTraffic, type Traffic } from "./traffic.ts"

/** What a crew by replacement works with. */
interface Site {
  readonly bench: Workbench
  readonly fleet: Fleet
  readonly record: FleetRecord
  readonly target: Target
  /** Digest of the image that the target release is. */
  readonly image: string
  readonly traffic: Traffic
  readonly engine: Engine
}

/** Starts instances of an image and retires those of another. */
export const replaceCrew = async (
  bench: Workbench,
  fleet: Fleet,
  record: FleetRecord,
  target: Target,
  image: string,
): Promise<Crew> =>
  new ReplaceCrew({
    bench,
    fleet,
    record,
    target,
    image,
    traffic: await openTraffic(bench, fleet),
    engine: bench.engine(fleet),
  })

class ReplaceCrew implements Crew {
  readonly #site: Site
  /** Instances that were found healthy by this very rollout. */
  readonly #healthy = new Set<string>()

  constructor(site: Site) {
    this.#site = site
  }

  /** A dead instance is no member: it is cleared away, and the policy asks for another. */
  async members(): Promise<readonly Member[]> {
    const instances = await this.#ours()
    await this.#forget(instances.filter(({ running }) => !running).map(({ name }) => name))
    const phases = await this.#site.traffic.phases()
    return instances
      .filter(({ running }) => running)
      .map(({ name, release }) => ({ id: name, release, phase: phases.get(name) ?? "idle" }))
  }

  async perform(move: Move): Promise<void> {
    const { traffic } = this.#site
    switch (move.do) {
      case "create":
        return this.#createHealthy(move.count)
      case "admit":
        return this.#admit([move.id])
      case "drain":
        return traffic.drain([move.id])
      case "switch":
        await this.#admit(move.admit)
        return traffic.drain(move.drain)
      case "retire":
        return this.#retire(move.id)
      default:
        throw new TypeError(`${move.do} is not a move of delivery by replacement`)
    }
  }

  /**
   * First the old ones serve again, as many as there should be; then the others go: never fewer than there are. Where only
   * one may hold a volume, the others have to let go of it first.
   */
  async revert(): Promise<void> {
    const { record, target } = this.#site
    if (record.current === target.release.number) return
    const alone = target.bundle.manifest.volumes.some(({ access }) => access !== "shared")
    if (alone) await this.#retireOthers()
    await this.#restoreOld()
    if (!alone) await this.#retireOthers()
  }

  async #retireOthers(): Promise<void> {
    const { record, traffic } = this.#site
    const others = (await this.#ours()).filter(({ release }) => release !== record.current).map(({ name }) => name)
    await traffic.drain(others)
    await Promise.all(others.map((name) => this.#retire(name)))
  }

  async versions(): Promise<Versions> {
    return Object.fromEntries((await this.members()).map(({ id, release }) => [id, release ?? null]))
  }

  failures(): ReadonlyMap<string, FireclayError> {
    return new Map()
  }

  /** The policy has retired what was left over. */
  async tidy(): Promise<void> {}

  async #ours(): Promise<readonly Instance[]> {
    return (await this.#site.engine.list()).filter(({ fleet }) => fleet === this.#site.fleet.name)
  }

  async #restoreOld(): Promise<void> {
    const { bench, engine, fleet, record, traffic } = this.#site
    if (record.current === undefined) return
    const release = releaseOf(record, record.current)
    const bundle = await openBundle(bench.secrets, await loadBundle(bench.store, release))
    const alive = (await this.#ours()).filter((instance) => instance.running && instance.release === record.current)
    const missing = sizeOf(fleet) - alive.length
    const image = missing > 0 ? (await bake(bench, fleet.name, bundle)).image.digest : ""
    const made = await this.#create(missing, { release, bundle, image })
    const names = [...alive.map(({ name }) => name), ...made]
    await allOf(names.map((name) => healthGate(bench, engine.machine(name), bundle.manifest)))
    await traffic.admit(await this.#backends(names))
  }

  async #createHealthy(count: number): Promise<void> {
    const names = await this.#create(count, { ...this.#site.target, image: this.#site.image })
    await allOf(names.map((name) => this.#gate(name)))
  }

  async #create(count: number, what: Made): Promise<readonly string[]> {
    const { bench, engine, fleet } = this.#site
    const taken = new Set((await engine.list()).map(({ name }) => name))
    const names = freeNames(fleet.name, what.release.number, count, taken)
    const startFiles = await openStartFiles(bench.secrets, {
      fleet: fleet.name,
      release: what.release.number,
      image: what.image,
      userData: what.bundle.manifest.userData,
      files: startSecrets(what.bundle),
    })
    await allOf(names.map((name) => this.#createOne(name, what, startFiles)))
    return names
  }

  async #createOne(name: string, { release, bundle, image }: Made, startFiles: StartFiles): Promise<void> {
    const { bench, engine, fleet } = this.#site
    bench.progress({ fleet: fleet.name, member: name, doing: "starting" })
    const { volumes, scratch } = bundle.manifest
    await engine.create({
      name,
      from: { image },
      fleet: fleet.name,
      release: release.number,
      volumes,
      scratch,
      startFiles,
    })
  }

  /** One that an earlier controller left is not known to be well, so it has to pass the gate too. */
  async #admit(ids: readonly string[]): Promise<void> {
    await allOf(ids.filter((id) => !this.#healthy.has(id)).map((id) => this.#gate(id)))
    await this.#site.traffic.admit(await this.#backends(ids))
  }

  async #gate(id: string): Promise<void> {
    const { bench, engine, fleet, target } = this.#site
    bench.progress({ fleet: fleet.name, member: id, doing: "waiting until healthy" })
    await healthGate(bench, engine.machine(id), target.bundle.manifest, bench.signal)
    this.#healthy.add(id)
    bench.progress({ fleet: fleet.name, member: id, doing: "healthy" })
  }

  async #retire(id: string): Promise<void> {
    const { bench, fleet } = this.#site
    bench.progress({ fleet: fleet.name, member: id, doing: "retiring" })
    await this.#forget([id])
    bench.progress({ fleet: fleet.name, member: id, doing: "retired", done: true })
  }

  async #forget(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    await this.#site.traffic.remove(names)
    await Promise.all(names.map((name) => this.#site.engine.remove(name)))
  }

  async #backends(ids: readonly string[]): Promise<readonly Backend[]> {
    const addresses = new Map((await this.#ours()).map(({ name, address }) => [name, address]))
    const port = this.#site.target.bundle.manifest.port ?? 0
    return ids.flatMap((id) => {
      const address = addresses.get(id)
      return address === undefined ? [] : [{ id, address, port }]
    })
  }
}

/** A release and the image that it is. */
type Made = Target & { readonly image: string }

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
const allOf = async (work: readonly Promise<void>[]): Promise<void> => {
  const results = await Promise.allSettled(work)
  const failed = results.find((result) => result.status === "rejected")
  if (failed !== undefined) throw failed.reason
}
