import type { FireclayError, Fleet, Instance, Member } from "../../contract/index.ts"
import { bake } from "../bake.ts"
import { rulesOf } from "../drift/rules.ts"
import { startBaseline } from "../drift/survey.ts"
import { sizeOf } from "../fleet-size.ts"
import { type FleetRecord, loadBundle, releaseOf } from "../ledger.ts"
import { openBundle } from "../seal.ts"
import { sideBySide } from "../side-by-side.ts"
import type { Workbench } from "../workbench.ts"
import { type Changes, type Crew, changesOf, type MemberMove, type Versions } from "./crew.ts"
import { type Drifted, withoutDrifted } from "./drifted.ts"
import { evidenceKeeper } from "./evidence.ts"
import { gateWhileRunning, healthGate, isWell, stillWell } from "./gate.ts"
import { allOf, Instances, isBaseline, type Made } from "./instances.ts"
import { rampTo } from "./ramp.ts"
import { openTraffic, type Traffic } from "./traffic.ts"

/** What a crew by replacement works with. */
interface Site {
  readonly bench: Workbench
  readonly fleet: Fleet
  readonly record: FleetRecord
  readonly target: Made
  readonly traffic: Traffic
  readonly instances: Instances
  /** Instances of the target that are to go like old ones. */
  readonly drifted: Drifted
}

/** Starts instances of an image and retires those of another. */
export const replaceCrew = async (
  bench: Workbench,
  fleet: Fleet,
  record: FleetRecord,
  target: Made,
  drifted: Drifted,
): Promise<Crew> =>
  new ReplaceCrew({
    bench,
    fleet,
    record,
    target,
    traffic: await openTraffic(bench, fleet),
    instances: new Instances(bench, fleet),
    drifted,
  })

class ReplaceCrew implements Crew {
  readonly #site: Site
  /** Instances that were found healthy by this very rollout. */
  readonly #healthy = new Set<string>()
  readonly #keepEvidence: (names: readonly string[]) => Promise<void>
  #inForceMade: Promise<Made> | undefined

  constructor(site: Site) {
    this.#site = site
    this.#keepEvidence = evidenceKeeper(site)
  }

  get traffic(): Traffic {
    return this.#site.traffic
  }

  /**
   * A dead instance is no member, nor is a sick one of the target: it is cleared away, and the policy asks for another. One
   * that drifted counts as an old one.
   */
  async members(): Promise<readonly Member[]> {
    const { target, drifted } = this.#site
    const instances = withoutDrifted(await this.#site.instances.look(), drifted)
    const running = instances.filter((instance) => instance.running)
    const sick = await this.#findSick(running.filter(({ release }) => release === target.release.number))
    await this.#forget(instances.filter(({ name, running: runs }) => !runs || sick.has(name)).map(({ name }) => name))
    const phases = await this.#site.traffic.phases()
    return running
      .filter(({ name }) => !sick.has(name))
      .map(({ name, release }) => ({
        id: name,
        release,
        phase: phases.get(name) ?? "idle",
        ...(isBaseline(name) ? { baseline: true } : {}),
      }))
  }

  async perform(move: MemberMove): Promise<Changes> {
    const { traffic, target } = this.#site
    switch (move.do) {
      case "create":
        return this.#create(move.count, move.baseline === true)
      case "admit":
        await this.#admit([move.id])
        break
      case "drain":
        await traffic.drain([move.id])
        break
      case "switch":
        await this.#admit(move.admit)
        await traffic.drain(move.drain)
        break
      case "retire":
        await this.#retire(move.id)
        break
      default:
        throw new TypeError(`${move.do} is not a move of delivery by replacement`)
    }
    return changesOf(move, target.release.number)
  }

  async preview(ids: readonly string[]): Promise<void> {
    const { traffic, instances, target } = this.#site
    await traffic.preview(instances.backends(ids, target.bundle.manifest))
  }

  async lookAfter(ids: readonly string[]): Promise<void> {
    const { bench, instances, target } = this.#site
    await sideBySide(ids, (id) => stillWell(bench, instances.engine.machine(id), target.bundle.manifest))
  }

  /**
   * First the old ones serve again, as many as there should be; then the others go: never fewer than there are. Where only
   * one may hold a volume, the others have to let go of it first.
   */
  async revert(): Promise<void> {
    const { record, target, traffic, bench, fleet } = this.#site
    if (record.current === target.release.number) return this.#revertSize()
    const alone = target.bundle.manifest.volumes.some(({ access }) => access !== "shared")
    if (alone) await this.#retireOthers(await this.#others())
    const back = record.current === undefined ? [] : await this.#restoreOld(await this.#inForce())
    const leaving = await this.#others(back)
    await rampTo(bench, traffic, { back, leaving, rampMs: fleet.by.rampMs ?? 0 }, () => this.#admitAgain(back))
    await this.#retireOthers(leaving)
  }

  /**
   * The release stays, and as many instances of it as there were: what was begun for more of them goes, and where there
   * were to be fewer, or some had drifted, what had left comes back.
   */
  async #revertSize(): Promise<void> {
    const { record, fleet, instances, traffic, target, drifted } = this.#site
    const phases = await traffic.phases()
    const alive = (await instances.look()).filter(
      ({ running, release, name }) => running && release === target.release.number && !isBaseline(name),
    )
    const serves = ({ name }: Instance): boolean => phases.get(name) === "serving"
    const whole = alive.filter((instance) => serves(instance) || !instances.isMade(instance.name))
    const before = record.sizing?.size ?? alive.filter(({ name }) => !instances.isMade(name)).length
    const staying = oldestFirst(whole)
      .toSorted((left, right) => Number(serves(right)) - Number(serves(left)))
      .slice(0, before)
      .map(({ name }) => name)
    if (sizeOf(fleet) < before || drifted.size > 0)
      await this.#admit([...staying, ...(await this.#createMore(before - staying.length))])
    const leaving = alive.flatMap(({ name }) => (staying.includes(name) ? [] : [name]))
    await this.#retireOthers(leaving)
  }

  async #createMore(count: number): Promise<readonly string[]> {
    return count > 0 ? this.#site.instances.create(count, this.#site.target) : []
  }

  /** All that are not of the release in force; with those that are to serve it given, all but these. */
  async #others(back?: readonly string[]): Promise<readonly string[]> {
    const { instances, record } = this.#site
    const isOther = (name: string, release: number | undefined): boolean =>
      back === undefined ? release !== record.current : !back.includes(name)
    return (await instances.look()).flatMap(({ name, release }) => (isOther(name, release) ? [name] : []))
  }

  async #retireOthers(names: readonly string[]): Promise<void> {
    await this.#site.traffic.drain(names)
    await Promise.all(names.map((name) => this.#retire(name)))
  }

  async versions(): Promise<Versions> {
    const { instances } = this.#site
    return Object.fromEntries((await this.members()).map(({ id }) => [id, instances.releaseOf(id) ?? null]))
  }

  failures(): ReadonlyMap<string, FireclayError> {
    return new Map()
  }

  /** The policy has retired what was left over. What is new counts as it should be from now on. */
  async tidy(): Promise<void> {
    const { bench, fleet, instances, target } = this.#site
    if (bench.baselines !== true) return
    const { watch } = rulesOf(fleet.spec, bench.now())
    const fresh = (await instances.look()).filter(({ name, running }) => running && instances.isMade(name))
    await sideBySide(fresh, ({ name }) =>
      startBaseline(
        { machine: instances.engine.machine(name), data: target.bundle.manifest, watch, instance: true },
        true,
      ),
    )
  }

  /** Those that an earlier controller left, or that have run for long, are not known to be well: they are asked once. */
  async #findSick(instances: readonly Instance[]): Promise<ReadonlySet<string>> {
    const { bench, instances: site, target } = this.#site
    const { manifest } = target.bundle
    const answers = await sideBySide(
      instances.map(({ name }) => name).filter((name) => !this.#healthy.has(name)),
      async (name) => ({ name, well: await isWell(bench, site.engine.machine(name), manifest) }),
    )
    for (const { name, well } of answers) if (well) this.#healthy.add(name)
    return new Set(answers.filter(({ well }) => !well).map(({ name }) => name))
  }

  /** As many as there were of the release in force, and all of them well. */
  async #restoreOld(made: Made): Promise<readonly string[]> {
    const { bench, instances, fleet, record } = this.#site
    const count = record.sizing?.size ?? sizeOf(fleet)
    const alive = (await instances.look())
      .filter(({ running, release, name }) => running && release === made.release.number && !isBaseline(name))
      .map(({ name }) => name)
    const names = [...alive, ...(await instances.create(count - alive.length, made))]
    await allOf(names.map((name) => healthGate(bench, instances.engine.machine(name), made.bundle.manifest)))
    return names
  }

  async #admitAgain(names: readonly string[]): Promise<void> {
    const { traffic, instances } = this.#site
    const { bundle } = await this.#inForce()
    await traffic.admit(instances.backends(names, bundle.manifest))
  }

  async #create(count: number, baseline: boolean): Promise<Changes> {
    const made = baseline ? await this.#inForce() : this.#site.target
    const names = await this.#site.instances.create(count, made, baseline)
    const { target, instances } = this.#site
    if (!baseline) await allOf(names.map(async (name) => target.task?.(instances.engine.machine(name))))
    await allOf(names.map((name) => this.#gate(name, made)))
    const member = { release: made.release.number, phase: "idle", ...(baseline ? { baseline } : {}) } as const
    return new Map(names.map((name) => [name, member]))
  }

  /** One that an earlier controller left is not known to be well, so it has to pass the gate too. */
  async #admit(ids: readonly string[]): Promise<void> {
    const unknown = ids.filter((id) => !this.#healthy.has(id))
    await allOf(unknown.map(async (id) => this.#gate(id, await this.#madeOf(id))))
    const made = await this.#madeOf(ids[0] ?? "")
    await this.#site.traffic.admit(this.#site.instances.backends(ids, made.bundle.manifest))
  }

  async #madeOf(id: string): Promise<Made> {
    return isBaseline(id) ? this.#inForce() : this.#site.target
  }

  async #gate(id: string, { bundle }: Made): Promise<void> {
    const { bench, instances, fleet } = this.#site
    bench.progress({ fleet: fleet.name, member: id, doing: "waiting until healthy" })
    await gateWhileRunning(bench, instances.engine, id, bundle.manifest)
    this.#healthy.add(id)
    bench.progress({ fleet: fleet.name, member: id, doing: "healthy" })
  }

  /** What its drain did not bring to an end is not cut: its program may say goodbye first, over the same connections. */
  async #retire(id: string): Promise<void> {
    const { bench, fleet, traffic, instances } = this.#site
    bench.progress({ fleet: fleet.name, member: id, doing: "retiring" })
    await this.#keepEvidence([id])
    if (await traffic.isInUse(id)) await instances.engine.stop(id)
    await this.#forget([id])
    bench.progress({ fleet: fleet.name, member: id, doing: "retired", done: true })
  }

  async #forget(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    await this.#keepEvidence(names)
    await this.#site.traffic.remove(names)
    await this.#site.instances.remove(names)
    // Another one may get its name.
    for (const name of names) this.#healthy.delete(name)
  }

  /** The release that was in force when this began, and its image, which is baked again if it is gone. */
  #inForce(): Promise<Made> {
    this.#inForceMade ??= this.#loadInForce()
    return this.#inForceMade
  }

  async #loadInForce(): Promise<Made> {
    const { bench, fleet, record } = this.#site
    const release = releaseOf(record, record.current ?? 0)
    const bundle = await openBundle(bench.secrets, await loadBundle(bench.store, release))
    return { release, bundle, image: (await bake(bench, fleet.name, bundle)).image.digest }
  }
}

const oldestFirst = (instances: readonly Instance[]): readonly Instance[] =>
  instances.toSorted(
    (left, right) =>
      left.createdAt.localeCompare(right.createdAt) || left.name.localeCompare(right.name, "en", { numeric: true }),
  )
