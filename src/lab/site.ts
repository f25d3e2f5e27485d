import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises"
import { basename, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { type Meter, openFleetMeter } from "../builtin/meter.ts"
import { FireclayError } from "../contract/index.ts"
import { type FleetRecord, type Manifest, readFleet, releaseOf } from "../core/index.ts"
import { sqliteStore } from "../stores/index.ts"
import { freePort } from "../system/free-port.ts"
import { begin, type EndedCommand, type RunningCommand, reasonOf } from "./command-line.ts"
import { asItIs, configText, fleetName, type SiteConfig, type Variant } from "./config.ts"
import { importRelease } from "./import-release.ts"
import type { ComparisonWant, Version, WayWant } from "./want.ts"

/** A fleet of one way, on machines of its own, in a directory of its own. It is worked with by commands, as a user would. */
export class Site {
  readonly way: WayWant
  readonly size: number
  /** What is asked for. */
  readonly url: string
  readonly directory: string
  readonly project: string
  readonly #want: ComparisonWant
  readonly #listen: number
  readonly #signal: AbortSignal
  #delivering: readonly string[] = []

  private constructor(want: ComparisonWant, { way, size, directory, signal }: SitePlace, listen: number) {
    this.#want = want
    this.way = way
    this.size = size
    this.directory = directory
    this.project = `compare-${basename(directory)}`
    this.#listen = listen
    this.#signal = signal
    this.url = `http://127.0.0.1:${listen}${want.path}`
  }

  /** Nothing is started yet. `directory` ends in `-` and what no other site's ends in. */
  static async open(want: ComparisonWant, place: SitePlace): Promise<Site> {
    await mkdir(place.directory, { recursive: true, mode: 0o700 })
    return new Site(want, place, await freePort())
  }

  /** Lets the directory hold a version, whatever it held. */
  async put(version: Version, variant: Variant = asItIs, size = this.size): Promise<void> {
    await this.#write(version, variant, { size, way: this.way })
  }

  /** Delivers a version to what is new, in whatever way is quickest. */
  async bringUp(version: Version): Promise<void> {
    const strategy = { name: "all-at-once", options: {} }
    await this.#write(version, asItIs, { size: this.size, way: { ...this.way, by: { ...this.way.by, strategy } } })
    await this.deliver()
  }

  async #write(version: Version, variant: Variant, how: Pick<SiteConfig, "size" | "way">): Promise<void> {
    const there = (await readdir(this.directory)).filter((name) => name !== stateName)
    await Promise.all(there.map((name) => rm(join(this.directory, name), { recursive: true, force: true })))
    await copyVersion(version.directory, this.directory)
    const site = { project: this.project, listen: this.#listen, spec: this.#want.spec, ...how }
    await writeFile(join(this.directory, configName), configText(site, version, variant))
    this.#delivering = ["apply", "--yes"]
    if (version.release === undefined) return
    const number = await importRelease(version.release, join(this.directory, stateName), fleetName)
    this.#delivering = ["rollback", fleetName, "--to", String(number), "--yes"]
  }

  /** Begins to deliver what it holds. */
  beginDelivery(): RunningCommand {
    return this.begin(...this.#delivering)
  }

  /** How to begin the way back to the release that was in force before, however that was delivered. */
  async wayBack(): Promise<() => RunningCommand> {
    const { history, current } = await this.#record()
    const before = history.findLast((number) => number !== current)
    const to = before === undefined ? [] : ["--to", String(before)]
    return () => this.begin("rollback", fleetName, ...to, "--yes")
  }

  async deliver(): Promise<EndedCommand> {
    return this.refuseFailed(await this.beginDelivery().ended)
  }

  async rollBack(): Promise<EndedCommand> {
    const begin = await this.wayBack()
    return this.refuseFailed(await begin().ended)
  }

  /** @throws FireclayError FC_CANCELLED when the user wants to stop */
  begin(...words: readonly string[]): RunningCommand {
    if (this.#signal.aborted) throw new FireclayError("FC_CANCELLED", "the comparison was stopped")
    const command = begin(this.#argv, words)
    this.#signal.addEventListener("abort", command.interrupt, { once: true })
    void command.ended.then(() => this.#signal.removeEventListener("abort", command.interrupt))
    return command
  }

  get #argv(): readonly string[] {
    return [...this.#want.cli, "--json", "--config", join(this.directory, configName)]
  }

  /** @throws FireclayError FC_COMPARE when it fails */
  async must(...words: readonly string[]): Promise<EndedCommand> {
    return this.refuseFailed(await this.begin(...words).ended)
  }

  /** @throws FireclayError FC_COMPARE, FC_CANCELLED */
  refuseFailed(ended: EndedCommand): EndedCommand {
    if (ended.exitCode === 0) return ended
    if (this.#signal.aborted) throw new FireclayError("FC_CANCELLED", "the comparison was stopped")
    throw new FireclayError(
      "FC_COMPARE",
      `${this.way.name}: fireclay ${ended.words.join(" ")} failed: ${reasonOf(ended)}`,
      {
        remedy: "see that the project can be delivered both ways: fireclay plan; fireclay apply",
        details: ended.progress.slice(-8).map(({ text }) => text),
      },
    )
  }

  /** Whether what it holds is baked before it is delivered. In place nothing is, and a release is baked on its way. */
  get isBaked(): boolean {
    return this.way.delivery === "replace" && this.#delivering[0] === "apply"
  }

  /** Begins to bake what it holds, so that a rollout finds its image. */
  beginBuild(): RunningCommand {
    return this.begin("build")
  }

  async build(): Promise<void> {
    if (this.isBaked) this.refuseFailed(await this.beginBuild().ended)
  }

  /** Images of versions that are not in force go, so that the next build is one. */
  async forgetImages(): Promise<void> {
    if (this.way.delivery === "replace") await this.must("prune", "--keep", "1", "--yes")
  }

  /** Measures its machines from now on; they serve what they are asked meanwhile. */
  meter(): Promise<Meter> {
    const { way, size, project, directory } = this
    return openFleetMeter({ project, projectDirectory: directory, engine: way.engine, steady: size })
  }

  /** What the release in force consists of. */
  async manifest(): Promise<Manifest> {
    const record = await this.#record()
    return releaseOf(record, record.current ?? 0).manifest
  }

  async #record(): Promise<FleetRecord> {
    const store = sqliteStore({ directory: join(this.directory, stateName) })
    try {
      return await readFleet(store, fleetName)
    } finally {
      await store.close()
    }
  }

  /** Runs scripts on every machine, one after the other; whether all of them ended well on all of them. */
  async onMachines(...scripts: readonly string[]): Promise<boolean> {
    for (const script of scripts)
      if ((await this.begin("exec", fleetName, "--", "/bin/sh", "-c", script).ended).exitCode !== 0) return false
    return true
  }

  async status(): Promise<SiteStatus> {
    const { answer } = await this.must("status")
    const [fleet] = (answer as { readonly fleets: readonly SiteStatus[] }).fleets
    return fleet ?? { interrupted: false, mixed: false, members: [] }
  }

  /** Waits until it answers well, ten times in a row. */
  async untilWell(withinMs = 60_000): Promise<void> {
    const until = Date.now() + withinMs
    for (let good = 0; good < 10 && Date.now() < until; ) {
      const response = await fetch(this.url, { headers: { connection: "close" } }).catch(() => undefined)
      await response?.arrayBuffer().catch(() => undefined)
      good = response?.ok === true ? good + 1 : 0
      if (good === 0) await sleep(50)
    }
  }

  /**
   * Removes all that was made for it, data too; also once the user wants to stop.
   *
   * @throws FireclayError FC_COMPARE
   */
  async close(): Promise<void> {
    const listed = await readdir(this.directory).catch((): string[] => [])
    if (!listed.includes(configName)) return
    const { answer } = await begin(this.#argv, ["volumes"]).ended
    const { volumes = [] } = answer as {
      readonly volumes?: readonly { readonly fleet: string; readonly name: string }[]
    }
    const data = volumes.flatMap(({ fleet, name }) => ["--delete-volumes", `${fleet}/${name}`])
    const ended = await begin(this.#argv, ["destroy", "--yes", ...data]).ended
    if (ended.exitCode !== 0)
      throw new FireclayError(
        "FC_COMPARE",
        `${this.way.name}: what was made could not be removed: ${reasonOf(ended)}`,
        {
          at: this.directory,
          remedy: `fireclay -c ${join(this.directory, configName)} destroy`,
        },
      )
    await rm(this.directory, { recursive: true, force: true })
  }
}

export interface SitePlace {
  readonly way: WayWant
  readonly size: number
  /** Its last part is what the site's project is called by: no other one's is the same. */
  readonly directory: string
  /** Fires when the user wants to stop. */
  readonly signal: AbortSignal
}

/** What `status` says of a fleet. */
export interface SiteStatus {
  readonly current?: number
  readonly interrupted: boolean
  readonly mixed: boolean
  readonly members: readonly {
    readonly name: string
    readonly release?: number
    readonly running: boolean
    readonly healthy?: boolean
  }[]
}

const configName = "fireclay-compare.config.ts"
const stateName = ".fireclay"

/** What a project keeps for itself, and what is large and says nothing of a server. */
const leftBehind: ReadonlySet<string> = new Set([stateName, ".git", "node_modules"])

export const copyVersion = (from: string, to: string): Promise<void> =>
  cp(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => path === from || !leftBehind.has(path.slice(from.length + 1)),
  })
