import type { Backend, Engine, Fleet, Instance, InstanceWant } from "../../contract/index.ts"
import { runningOf, unitsOf } from "../process.ts"
import type { Manifest } from "../release.ts"
import { hasStartSecrets, openStartFiles, startSecrets } from "../start-files.ts"
import type { Workbench } from "../workbench.ts"
import type { Target } from "./crew.ts"
import { backendOf } from "./traffic.ts"

/** How each of them runs, and what it finds at its start. */
type RunningWant = Partial<InstanceWant>

/** A release and the image that it is. */
export type Made = Target & { readonly image: string }

/**
 * The instances of one fleet: what was last seen of them, and what was done to them since. To make, remove or find one
 * costs the same however many there are.
 */
export class Instances {
  readonly engine: Engine
  readonly #bench: Workbench
  readonly #fleet: Fleet
  #known = new Map<string, Instance>()
  /** Names of other fleets' machines, too. */
  #taken = new Set<string>()
  /** Names that this very rollout gave. */
  readonly #made = new Set<string>()
  /** For each kind of name the first number that may be free. */
  #next = new Map<string, number>()
  /** Images that were checked. */
  readonly #trusted = new Set<string>()

  constructor(bench: Workbench, fleet: Fleet) {
    this.#bench = bench
    this.#fleet = fleet
    this.engine = bench.engine(fleet)
  }

  /** Looks at all of them afresh. */
  async look(): Promise<readonly Instance[]> {
    const all = await this.engine.list()
    const ours = all.filter(({ fleet }) => fleet === this.#fleet.name)
    this.#known = new Map(ours.map((instance) => [instance.name, instance]))
    this.#taken = new Set(all.map(({ name }) => name))
    this.#next = new Map()
    return ours
  }

  /** Makes some of a release, side by side; answers their names. Those to compare with are named apart. */
  async create(count: number, made: Made, baseline = false): Promise<readonly string[]> {
    await this.#trust(made.image)
    const prefix = `${this.#fleet.name}-r${made.release.number}-${baseline ? "b" : ""}`
    const startFiles = await openStartFiles(this.#bench.secrets, {
      fleet: this.#fleet.name,
      release: made.release.number,
      image: made.image,
      userData: made.bundle.manifest.userData,
      files: startSecrets(made.bundle),
    })
    const plain = hasStartSecrets(made.bundle) ? {} : { plainStartFiles: true as const }
    const units = await unitsOf(this.engine, this.#fleet, made.image)
    const running = { ...runningOf(this.#fleet, made.bundle.manifest, units), startFiles, ...plain }
    const names: string[] = []
    await allOf(
      this.#freeNames(prefix, count).map(async (name) => {
        names.push(
          await this.#createAs(name, made, running).catch((error) =>
            this.#createElse(error, name, made, running, prefix),
          ),
        )
      }),
    )
    return names.toSorted()
  }

  /** It was started here, or was to be. */
  isMade(name: string): boolean {
    return this.#made.has(name)
  }

  /** At the last look. */
  releaseOf(name: string): number | undefined {
    return this.#known.get(name)?.release
  }

  /** It was there at the last look, and was made then. */
  isKnown(name: string, createdAt: string | undefined): boolean {
    return createdAt !== undefined && this.#known.get(name)?.createdAt === createdAt
  }

  async remove(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.engine.remove(name)))
    for (const name of names) {
      this.#known.delete(name)
      this.#taken.delete(name)
      this.#made.delete(name)
    }
  }

  backends(names: readonly string[], manifest: Manifest): readonly Backend[] {
    return names.flatMap((id) => {
      const address = this.#known.get(id)?.address
      return address === undefined ? [] : [backendOf(id, address, manifest)]
    })
  }

  /** Once for each image: what instances of it stand on does not change between two starts. */
  async #trust(image: string): Promise<void> {
    const { verify } = this.#fleet.by
    if (verify === undefined || this.#trusted.has(image)) return
    this.#bench.progress({ fleet: this.#fleet.name, doing: "checking the image's signature" })
    await this.#bench.trust(image, verify)
    this.#trusted.add(image)
  }

  /** An engine may still finish what a controller asked of it that is dead by now: then that name is taken after all. */
  async #createElse(error: unknown, name: string, made: Made, running: RunningWant, prefix: string): Promise<string> {
    if (!(await this.engine.list()).some((instance) => instance.name === name)) throw error
    const [other = name] = this.#freeNames(prefix, 1)
    return this.#createAs(other, made, running)
  }

  async #createAs(name: string, { release, bundle, image }: Made, running: RunningWant): Promise<string> {
    const fleet = this.#fleet.name
    this.#bench.progress({ fleet, member: name, doing: "starting" })
    this.#made.add(name)
    const { volumes, scratch } = bundle.manifest
    const want = { name, from: { image }, fleet, release: release.number, volumes, scratch, ...running }
    this.#known.set(name, await this.engine.create(want))
    return name
  }

  /** `FLEET-rRELEASE-N`: an instance's name says what it is, and is never used twice at a time. */
  #freeNames(prefix: string, count: number): readonly string[] {
    const names: string[] = []
    let index = this.#next.get(prefix) ?? 1
    for (; names.length < count; index += 1) if (!this.#taken.has(prefix + index)) names.push(prefix + index)
    this.#next.set(prefix, index)
    for (const name of names) this.#taken.add(name)
    return names
  }
}

/** By its name: made by a rollout to compare the new release with. */
export const isBaseline = (name: string): boolean => /-r\d+-b\d+$/.test(name)

/** Waits for all, then fails with the first failure: nothing goes on behind the back of what follows. */
export const allOf = async (work: readonly Promise<void>[]): Promise<void> => {
  const results = await Promise.allSettled(work)
  const failed = results.find((result) => result.status === "rejected")
  if (failed !== undefined) throw failed.reason
}
