import { FireclayError, type Step } from "../../contract/index.ts"
import { closest } from "../../schema/closest.ts"
import type { Check, Findings, Outlook } from "./outlook.ts"

/** A user or group that a step needs. */
interface Need {
  readonly kind: "user" | "group"
  readonly name: string
  /** Ends the sentence "… is named by": `/srv/app`. */
  readonly by: string
}

/** Users and groups that steps name and that neither the machine nor an earlier step has. */
export const checkOwners: Check = (outlook) => {
  const known = { user: new Set(outlook.users), group: new Set(outlook.groups) }
  const errors = new Map<string, FireclayError>()
  const notes = new Map<string, string>()
  let mayBring: string | undefined
  for (const [index, step] of outlook.steps.entries()) {
    for (const need of needsOf(step, outlook)) {
      const key = `${need.kind} ${need.name}`
      if (known[need.kind].has(need.name) || errors.has(key) || notes.has(key)) continue
      if (mayBring === undefined) errors.set(key, unknown(outlook, need, index))
      else notes.set(key, `${need.by} needs the ${key}, which is not there yet: ${mayBring} before it has to bring it`)
    }
    mayBring = bringer(step) ?? mayBring
    learn(known, step)
  }
  return { errors: [...errors.values()], notes: [...notes.values()] } satisfies Findings
}

/** Names of users and groups that these steps need. */
export const namesOf = (
  steps: readonly Step[],
  text: Outlook["text"],
): { readonly users: readonly string[]; readonly groups: readonly string[] } => {
  const needs = steps.flatMap((step) => needsOf(step, { steps, text }))
  const pick = (kind: Need["kind"]): readonly string[] => [
    ...new Set(needs.filter((need) => need.kind === kind).map(({ name }) => name)),
  ]
  return { users: pick("user"), groups: pick("group") }
}

const needsOf = (step: Step, { steps, text }: Pick<Outlook, "steps" | "text">): readonly Need[] => {
  switch (step.do) {
    case "write-file":
      return [
        ...owners(step.owner, step.group, step.path),
        ...(isStarted(steps, step.path) ? unitNeeds(step.path, text(step.content.sha256) ?? "") : []),
      ]
    case "make-directory":
    case "set-ownership":
      return owners(step.owner, step.group, step.path)
    case "add-user":
    case "change-user": {
      const groups = [...(step.group === undefined ? [] : [step.group]), ...(step.groups ?? [])]
      return groups.map((name): Need => ({ kind: "group", name, by: `the user ${step.name}` }))
    }
    case "run-command":
      return step.user === undefined ? [] : [{ kind: "user", name: step.user, by: step.argv.join(" ") }]
    default:
      return []
  }
}

const owners = (owner: string, group: string, by: string): readonly Need[] => [
  { kind: "user", name: owner, by },
  { kind: "group", name: group, by },
]

const unitDirectory = "/etc/systemd/system/"

const isStarted = (steps: readonly Step[], path: string): boolean =>
  path.startsWith(unitDirectory) &&
  steps.some(
    (step) => (step.do === "start-unit" || step.do === "restart-unit") && `${unitDirectory}${step.unit}` === path,
  )

/** Whom a unit runs as. What systemd itself fills in or makes is not for us to know. */
const unitNeeds = (path: string, unit: string): readonly Need[] => {
  if (/^DynamicUser=(yes|true|on|1)/m.test(unit)) return []
  return [...unit.matchAll(/^(User|Group)=([A-Za-z_][A-Za-z0-9_.-]*)\s*$/gm)].map(
    ([, key, name = ""]): Need => ({ kind: key === "User" ? "user" : "group", name, by: path }),
  )
}

/** Packages and commands may make accounts, which nobody can know beforehand. */
const bringer = (step: Step): string | undefined => {
  if (step.do === "install-packages") return `a package (${step.packages.map(({ name }) => name).join(", ")})`
  return step.do === "run-command" ? `a command (${step.argv.join(" ")})` : undefined
}

/** What holds after a step. A user comes with a group of its name, and goes with it. */
const learn = (known: { readonly user: Set<string>; readonly group: Set<string> }, step: Step): void => {
  if (step.do === "add-group") known.group.add(step.name)
  if (step.do === "remove-group") known.group.delete(step.name)
  if (step.do === "add-user") {
    known.user.add(step.name)
    if (step.group === undefined) known.group.add(step.name)
  }
  if (step.do === "remove-user") {
    known.user.delete(step.name)
    known.group.delete(step.name)
  }
}

const unknown = (outlook: Outlook, { kind, name, by }: Need, index: number): FireclayError => {
  const goes = removed(outlook.steps.slice(0, index), kind).includes(name)
  const says = goes ? "which this plan removes" : "which is not there"
  return new FireclayError("FC_OWNER_UNKNOWN", `${by} needs the ${kind} "${name}", ${says}`, {
    at: outlook.machine,
    remedy: goes ? `keep ${kind}("${name}") in the spec, or name another` : remedyFor(outlook, kind, name),
  })
}

const remedyFor = (outlook: Outlook, kind: Need["kind"], name: string): string => {
  const comes = added(outlook.steps, kind)
  const describeIt = `put ${kind}("${name}") before what needs it`
  if (comes.includes(name)) return describeIt
  const guess = closest(name, [...(kind === "user" ? outlook.users : outlook.groups), ...comes])
  return guess === undefined ? `${describeIt}, or name another` : `did you mean "${guess}"?`
}

const added = (steps: readonly Step[], kind: Need["kind"]): readonly string[] =>
  steps.flatMap((step) =>
    (step.do === "add-user" || step.do === "add-group") && step.do === `add-${kind}` ? [step.name] : [],
  )

const removed = (steps: readonly Step[], kind: Need["kind"]): readonly string[] =>
  steps.flatMap((step) =>
    step.do === "remove-user" || (kind === "group" && step.do === "remove-group") ? [step.name] : [],
  )
