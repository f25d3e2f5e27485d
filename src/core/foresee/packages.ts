import {
  type Eyes,
  FireclayError,
  type Machine,
  type PackageForesight,
  type PackageMove,
  type PackageQuestion,
  type Step,
} from "../../contract/index.ts"
import { openEyes } from "../eyes/eyes.ts"
import { irreversibleIn } from "../irreversible.ts"
import type { MachinePlan } from "../plan/types.ts"
import type { Bundle } from "../release.ts"
import { packageWords } from "../transaction/compile.ts"
import { home } from "../transaction/paths.ts"
import { Foresight } from "./foresee.ts"
import type { RoomNeed } from "./outlook.ts"

/** What the packages of a plan will do to a machine, as its package manager says. */
export interface PackageOutlook {
  /** Which manager was asked. */
  readonly manager: string
  /** False: the machine has no lists of what is offered; what comes is found out when it is done. */
  readonly hasLists: boolean
  /** Packages that come, change or go, those asked for included. */
  readonly moves: readonly PackageMove[]
  /** Those of them that nobody asked for. */
  readonly along: readonly PackageMove[]
  readonly downloadBytes: number
  /** Less than 0: space becomes free. */
  readonly spaceBytes: number
  /** What a person who reads the plan should know. */
  readonly notes: readonly string[]
}

export type PackageStep = Extract<Step, { readonly packages: readonly unknown[] }>

/** The steps of a plan that concern packages, and what was said about each. */
export type PackageAnswers = ReadonlyMap<Step, PackageForesight>

/**
 * Asks the machine's package manager, when and only when there are steps for it, what they would do: one more round.
 *
 * @throws FireclayError FC_PACKAGE_UNKNOWN, FC_PACKAGE_HELD, FC_PACKAGE_REFUSED, FC_NO_SPACE: nothing may be done then
 */
export const foreseePackages = async (machine: Machine, plan: MachinePlan, bundle: Bundle): Promise<MachinePlan> => {
  if (!plan.steps.some(isPackageStep)) return plan
  const batched = openEyes(machine)
  const answers = await askPackageSteps(batched.eyes, plan.steps)
  const packages = judgePackages(machine.name, plan.steps, answers)
  const packageRoom = roomFor(packages)
  if (packageRoom.length > 0) {
    const intention = { steps: plan.steps, present: { clockMs: undefined, isRoot: true }, nowMs: 0, packageRoom }
    const { problem } = await new Foresight(machine.name, batched, bundle).foresee(intention)
    if (problem !== undefined) throw problem
  }
  return {
    ...plan,
    packages,
    irreversible: irreversibleIn(plan.steps, answers),
    roundTrips: plan.roundTrips + batched.rounds(),
  }
}

/** Where managers keep what they fetch. */
const caches: { readonly [manager: string]: string } = {
  apt: "/var/cache/apt/archives",
  dnf: "/var/cache/dnf",
  apk: "/var/cache/apk",
}

/** Room that they need: for what is fetched, for what is unpacked, and for the files of those that are replaced. */
export const roomFor = ({ manager, moves, downloadBytes, spaceBytes }: PackageOutlook): readonly RoomNeed[] => {
  // How large the present files are nobody said; about as large as the new ones.
  const kept = moves.some(({ from }) => from !== null) ? downloadBytes : 0
  const needs = [
    { path: caches[manager] ?? "/var/cache", bytes: downloadBytes },
    { path: "/usr", bytes: spaceBytes },
    { path: home, bytes: kept },
  ]
  return needs.filter(({ bytes }) => bytes > 0)
}

export const askPackageSteps = async (eyes: Eyes, steps: readonly Step[]): Promise<PackageAnswers> => {
  const goes = new Set(steps.flatMap((step) => (step.do === "remove-packages" ? step.packages : [])))
  const ask = async (step: PackageStep) => [step, limit(step, await eyes.packages(questionOf(step)), goes)] as const
  return new Map(await Promise.all(steps.filter(isPackageStep).map(ask)))
}

/** Pure: what the answers mean for the steps. */
export const judgePackages = (machine: string, steps: readonly Step[], answers: PackageAnswers): PackageOutlook => {
  const notes = steps.flatMap((step, index) => {
    const answer = answers.get(step)
    return answer === undefined ? [] : judgeOne(machine, answer, mayBringSources(steps.slice(0, index)))
  })
  const all = [...answers.values()]
  const asked = new Set(steps.filter(isPackageStep).flatMap(namesOf))
  const moves = all.flatMap((answer) => answer.moves)
  const sum = (pick: (answer: PackageForesight) => number): number =>
    all.reduce((total, answer) => total + pick(answer), 0)
  return {
    manager: all[0]?.manager ?? "",
    hasLists: all.every(({ hasLists }) => hasLists),
    moves,
    along: moves.filter(({ name }) => !asked.has(name)),
    downloadBytes: sum(({ downloadBytes }) => downloadBytes),
    spaceBytes: sum(({ spaceBytes }) => spaceBytes),
    notes: [...new Set(notes)],
  }
}

const isPackageStep = (step: Step): step is PackageStep => "packages" in step

const namesOf = (step: PackageStep): readonly string[] =>
  step.do === "remove-packages" ? step.packages : step.packages.map(({ name }) => name)

const questionOf = (step: PackageStep): PackageQuestion =>
  step.do === "remove-packages" ? { remove: step.packages } : { install: packageWords(step.packages) }

/** A removal takes only what Fireclay had installed, whatever else nothing needs any more. */
const limit = (step: PackageStep, answer: PackageForesight, goes: ReadonlySet<string>): PackageForesight => {
  if (step.do !== "remove-packages") return answer
  const ours = new Set([...step.packages, ...step.alongside])
  const isOurs = (name: string): boolean => ours.has(name)
  return {
    ...answer,
    moves: answer.moves.filter(({ name }) => isOurs(name)),
    held: answer.held.filter(isOurs),
    lost: answer.lost.filter(isOurs),
    needs: answer.needs.filter((name) => !isOurs(name) && !goes.has(name)),
  }
}

/** Earlier steps may tell the package manager of sources that it does not know yet. */
const mayBringSources = (steps: readonly Step[]): boolean =>
  steps.some((step) => step.do === "run-command" || ("path" in step && /^\/etc\/(apt|yum|dnf|apk)/.test(step.path)))

const judgeOne = (machine: string, answer: PackageForesight, isEarly: boolean): readonly string[] => {
  if (answer.manager === "")
    throw new FireclayError("FC_PACKAGE_REFUSED", `${machine} has no package manager that Fireclay knows`, {
      at: machine,
      remedy: "it knows apt, dnf and apk",
    })
  if (!answer.hasLists) return ["packages: as offered; its lists of packages are missing"]
  if (answer.held.length > 0) throw held(machine, answer)
  if (answer.needs.length > 0) throw needed(machine, answer.needs)
  if (isEarly && (answer.unknown.length > 0 || answer.refused.length > 0))
    return ["packages: as offered; steps before them may bring their source"]
  if (answer.unknown.length > 0) throw unknown(machine, answer.unknown)
  if (answer.refused.length > 0)
    throw new FireclayError("FC_PACKAGE_REFUSED", `${machine}: ${answer.manager} cannot do what is asked`, {
      at: machine,
      details: answer.refused,
      remedy: "see the lines above; nothing was touched",
    })
  return []
}

const needed = (machine: string, names: readonly string[]): FireclayError =>
  new FireclayError(
    "FC_PACKAGE_REFUSED",
    `packages of ${machine} that Fireclay did not install need what would be removed: ${names.join(", ")}`,
    { at: machine, remedy: "describe them too, or keep what they need in the spec" },
  )

const unknown = (machine: string, words: readonly string[]): FireclayError => {
  const [first = ""] = words
  const [name, version] = first.split("=")
  const what = version === undefined ? `a package ${name}` : `version ${version} of ${name}`
  return new FireclayError("FC_PACKAGE_UNKNOWN", `no source of ${machine} offers ${what}; nothing was touched`, {
    at: `${machine}: pkg("${name}")`,
    remedy:
      version === undefined
        ? "check its name and the machine's sources"
        : `leave the version out, or take one that is offered: apt-cache policy ${name}`,
    details: words.slice(1).map((word) => `nor ${word}`),
  })
}

const held = (machine: string, { held: names, moves, manager }: PackageForesight): FireclayError => {
  const describe = (name: string): string => {
    const move = moves.find((other) => other.name === name)
    return move === undefined ? name : `${name} ${move.from} → ${move.to ?? "gone"}`
  }
  return new FireclayError("FC_PACKAGE_HELD", `${machine} holds what would change: ${names.map(describe).join(", ")}`, {
    at: `${machine}: pkg("${names[0]}")`,
    remedy:
      manager === "apt"
        ? `describe it as it is, or let go of it on the machine: apt-mark unhold ${names.join(" ")}`
        : "describe it as it is, or let go of it on the machine",
  })
}
