import { FireclayError, type Json, type Step } from "../../contract/index.ts"
import type { BatchedEyes } from "../eyes/eyes.ts"
import { readable } from "../readable.ts"
import type { Bundle } from "../release.ts"
import { home } from "../transaction/paths.ts"
import { Asked } from "./asked.ts"
import { checkClock } from "./clock.ts"
import { above, type Check, type Findings, type Outlook, type RoomNeed } from "./outlook.ts"
import { checkOwners, namesOf } from "./owners.ts"
import { checkPaths, replacedDirectories } from "./paths.ts"
import type { Present } from "./present.ts"
import { checkSpace } from "./space.ts"
import { checkWritable } from "./writable.ts"

/** In this order: what comes first explains what follows. */
const checks: readonly Check[] = [checkWritable, checkPaths, checkOwners, checkSpace]

/** What lies ahead of a machine, found before anything on it is touched. */
export interface Foreseen {
  /** Nothing may be done to the machine because of it. */
  readonly problem: FireclayError | undefined
  /** What a person who reads the plan should know. */
  readonly notes: readonly string[]
}

/** What there is to do, and when. */
export interface Intention {
  readonly steps: readonly Step[]
  readonly present: Present
  readonly nowMs: number
  /** What packages will need, where that is known. */
  readonly packageRoom?: readonly RoomNeed[]
}

/** Looks further than resources do: at what steps need that no resource describes. */
export class Foresight {
  readonly #machine: string
  readonly #batched: BatchedEyes
  readonly #text: Outlook["text"]
  readonly #states
  readonly #grounds
  readonly #users
  readonly #groups

  constructor(machine: string, batched: BatchedEyes, bundle: Bundle) {
    const { eyes, ground } = batched
    this.#machine = machine
    this.#batched = batched
    this.#text = (sha256) => readable(bundle.bytes.get(sha256))
    this.#states = new Asked(eyes.stat)
    this.#grounds = new Asked(ground)
    this.#users = new Asked(async (name) => name === "root" || (await eyes.user(name)) !== undefined)
    this.#groups = new Asked(async (name) => name === "root" || (await eyes.group(name)) !== undefined)
  }

  /** Asks what can be asked before it is known what there is to do, so that it travels with the first questions. */
  async begin(resources: readonly { readonly type: string; readonly want: Json }[]): Promise<void> {
    const words = (keys: readonly string[]): readonly string[] =>
      resources.flatMap(({ want }) => keys.flatMap((key) => wordOf(want, key)))
    const accounts = (type: string): readonly string[] =>
      resources.filter((resource) => resource.type === type).flatMap(({ want }) => wordOf(want, "name"))
    await this.#look(words(["path"]), {
      users: [...words(["owner"]), ...accounts("user")],
      groups: [...words(["group"]), ...accounts("user"), ...accounts("group")],
    })
  }

  async foresee({ steps, present, nowMs, packageRoom = [] }: Intention): Promise<Foreseen> {
    const clock = checkClock(this.#machine, present.clockMs, nowMs)
    // Where nothing is to be done nothing can go wrong.
    if (steps.length === 0)
      return { problem: undefined, notes: [...clock.notes, ...clock.errors.map(({ message }) => message)] }
    const findings = [clock, ...(await this.#check(steps, present, packageRoom))]
    return {
      problem: first(findings.flatMap(({ errors }) => errors)),
      notes: findings.flatMap(({ notes }) => notes),
    }
  }

  async #check(steps: readonly Step[], { isRoot }: Present, packageRoom: readonly RoomNeed[]) {
    // What is removed was looked at before, or lies below what was.
    const paths = [
      ...steps.flatMap((step) => ("path" in step && step.do !== "remove-path" ? [step.path] : [])),
      ...packageRoom.map(({ path }) => path),
    ]
    await this.#look(paths, namesOf(steps, this.#text))
    const replaced = replacedDirectories(steps, this.#states.answers)
    const entries = new Map(await Promise.all(replaced.map((path) => this.#entriesOf(path))))
    const machine = this.#machine
    const [states, grounds, text] = [this.#states.answers, this.#grounds.answers, this.#text]
    const outlook = (users: ReadonlySet<string>, groups: ReadonlySet<string>): Outlook => ({
      ...{ machine, steps, states, grounds, entries, text, isRoot, packageRoom, users, groups },
    })
    const findings = checks.map((check) => check(outlook(this.#users.yes(), this.#groups.yes())))
    if (!hasUnknownOwner(findings)) return findings
    const [users, groups] = await Promise.all(["/etc/passwd", "/etc/group"].map((file) => this.#namesIn(file)))
    return checks.map((check) =>
      check(outlook(this.#users.yes().union(users ?? new Set()), this.#groups.yes().union(groups ?? new Set()))),
    )
  }

  async #look(
    paths: readonly string[],
    names: { readonly users: readonly string[]; readonly groups: readonly string[] },
  ) {
    const around = new Set([home, ...paths].flatMap((path) => [path, ...above(path)]))
    await Promise.all([
      this.#states.ask(around),
      this.#grounds.ask(around),
      this.#users.ask(names.users),
      this.#groups.ask(names.groups),
    ])
  }

  async #entriesOf(path: string): Promise<readonly [string, readonly string[]]> {
    const { stdout } = await this.#batched.eyes.run(["ls", "-A", "--", path])
    return [path, stdout.split("\n").filter((name) => name !== "")]
  }

  /** For a guess at what was meant. */
  async #namesIn(file: string): Promise<ReadonlySet<string>> {
    const { stdout } = await this.#batched.eyes.run(["cut", "-d:", "-f1", file])
    return new Set(stdout.split("\n").filter((name) => name !== ""))
  }
}

const wordOf = (want: Json, key: string): readonly string[] => {
  if (typeof want !== "object" || want === null || Array.isArray(want)) return []
  const value = (want as { readonly [key: string]: Json })[key]
  return typeof value === "string" ? [value] : []
}

const hasUnknownOwner = (findings: readonly Findings[]): boolean =>
  findings.some(({ errors }) => errors.some(({ code }) => code === "FC_OWNER_UNKNOWN"))

/** The first of them, with what else is wrong as its details. */
const first = ([error, ...more]: readonly FireclayError[]): FireclayError | undefined => {
  if (error === undefined || more.length === 0) return error
  return new FireclayError(error.code, error.message, {
    ...(error.at === undefined ? {} : { at: error.at }),
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    details: more.map(({ code, message }) => `${code}: ${message}`),
    cause: error,
  })
}
