import {
  FireclayError,
  type Fleet,
  type IrreversiblePolicy,
  type PackageForesight,
  type Step,
} from "../contract/index.ts"
import { describeStep } from "./transaction/failure.ts"

/** A step that could not be taken back, and why. */
export interface Irreversible {
  readonly step: Step
  readonly why: string
}

type Answers = ReadonlyMap<Step, PackageForesight>

/** The steps that could not be taken back. Nothing else can be in the way of an exact undo. */
export const irreversibleIn = (steps: readonly Step[], answers: Answers = new Map()): readonly Irreversible[] =>
  steps.flatMap((step) => {
    const why = whyIrreversible(step, answers.get(step))
    return why === undefined ? [] : [{ step, why }]
  })

/** A kernel or a boot loader: the files can be put back, what the next boot makes of them nobody can try before. */
const boot = /^(linux-image|linux-modules|linux-lts|linux-virt|kernel(-|$)|grub|shim|systemd-boot|syslinux|extlinux)/

/** Purging these takes their data along. */
const withData =
  /^(mariadb-server|mysql-server|postgresql(-\d+)?$|mongodb|redis-server|slapd|rabbitmq-server|influxdb|couchdb)/

/**
 * The one table of what cannot be undone. Removing a user is not in it: the home stays, and the account's lines come
 * back as they were.
 */
const whyIrreversible = (step: Step, answer: PackageForesight | undefined): string | undefined => {
  if (step.do === "run-command") return step.undo === undefined ? "the command has no undo" : undefined
  if (!("packages" in step)) return undefined
  if (answer !== undefined && answer.lost.length > 0)
    return `the present ${list(answer.lost)} cannot be had any more, from no source and no store`
  const asked = step.packages.map((entry) => (typeof entry === "string" ? entry : entry.name))
  const names = [...new Set([...asked, ...(answer?.moves ?? []).map(({ name }) => name)])]
  const boots = names.filter((name) => boot.test(name))
  if (boots.length > 0) return `${list(boots)} decides how the machine boots`
  const gone = answer === undefined ? (step.do === "remove-packages" ? asked : []) : goingIn(answer)
  const stores = gone.filter((name) => withData.test(name))
  return stores.length > 0 ? `${list(stores)} takes its data along` : undefined
}

const goingIn = ({ moves }: PackageForesight): readonly string[] =>
  moves.filter(({ to }) => to === null).map(({ name }) => name)

const list = (names: readonly string[]): string => names.join(", ")

/** Irreversible steps of a fleet, and what may be done about them. */
export interface IrreversibleWant {
  readonly fleet: string
  readonly policy: IrreversiblePolicy
  readonly steps: readonly (Irreversible & { readonly machine: string })[]
  /** The user said beforehand that they may be done. */
  readonly allowed: boolean
  /** There is a terminal to ask at. */
  readonly interactive: boolean
}

/**
 * Pure: whether steps that cannot be undone may be done, or somebody has to be asked.
 *
 * @throws FireclayError FC_IRREVERSIBLE
 */
export const decideIrreversible = (want: IrreversibleWant): "go" | "ask" => {
  if (want.steps.length === 0 || want.policy === "allow") return "go"
  if (want.policy === "refuse")
    throw refuse(want, `leave them out, or say inPlace({ irreversible: "ask" }) for ${want.fleet}`)
  if (want.allowed) return "go"
  if (want.interactive) return "ask"
  throw refuse(want, "add --allow-irreversible, if that is meant")
}

/** The fleet, after somebody agreed that such steps are done. */
export const allowIrreversible = (fleet: Fleet): Fleet => ({
  ...fleet,
  by: { ...fleet.by, irreversible: "allow" },
})

const refuse = ({ fleet, policy, steps }: IrreversibleWant, remedy: string): FireclayError => {
  const because = policy === "refuse" ? "which this fleet refuses" : "and there is no terminal to ask at"
  return new FireclayError(
    "FC_IRREVERSIBLE",
    `${steps.length === 1 ? "a step" : `${steps.length} steps`} could not be undone, ${because}; nothing was done`,
    {
      at: `fleets.${fleet}`,
      details: steps.map(({ machine, step, why }) => `${machine}: ${describeStep(step)}: ${why}`),
      remedy,
    },
  )
}
