import type { PathState } from "../../../contract/index.ts"
import type { CausedChange, ResourceDifference } from "../../plan/types.ts"
import type { AdoptedCall, Adoption, Construct, OptionValue, Seen } from "./adoption.ts"
import { saysSecret } from "./secrets.ts"

type Part = Partial<Adoption>

/** Pure: how a resource has to be described so that it is as the machine has it. */
export const adoptDeclared = (difference: ResourceDifference, seen: Seen): Part => {
  const { id, changes } = difference
  const [, type = "", name = ""] = /^([a-z]+):(.*)$/s.exec(id) ?? []
  const construct = constructs[type]
  if (construct === undefined) return refuse(id, `a ${type} says what is to be done, not what is`)
  if (changes.some(({ property, from }) => from === null && isWhole(construct, property)))
    return { remove: [{ id, construct, name }] }
  const told = changes.filter(({ property, owedSince }) => owedSince === undefined && !reactions.has(property))
  const taken = told.map((change) => ({ change, value: optionOf(construct, change) }))
  const strange = taken.find(({ change, value }) => value === undefined && change.property !== "content")
  if (strange !== undefined) return refuse(id, `its ${strange.change.property} cannot be described`)
  const options = Object.fromEntries(
    taken.flatMap(({ change, value }) => (value === undefined ? [] : [[change.property, value]])),
  )
  const call = { id, construct, name, options: { ...options, ...ownersOf(options, seen.paths.get(name)) } }
  if (!told.some(({ property }) => property === "content")) return told.length === 0 ? {} : { change: [call] }
  return adoptContent(call, told, seen)
}

/** A group that is not said is the owner's, so that each of them says something about the other. */
const ownersOf = (options: AdoptedCall["options"], state: PathState | undefined): AdoptedCall["options"] =>
  state === undefined || (options.owner === undefined && options.group === undefined)
    ? {}
    : { owner: state.owner, group: state.group }

const adoptContent = (call: AdoptedCall, told: readonly CausedChange[], seen: Seen): Part => {
  const { bytes, secret } = seen.paths.get(call.name) ?? {}
  if (told.some(({ property, from }) => property === "content" && from === "not shown"))
    return refuse(call.id, "it holds a secret")
  if (bytes === undefined) return refuse(call.id, "it is too large, or is named like a secret")
  if (secret === true || saysSecret(bytes)) return refuse(call.id, "it looks as if it held a secret now")
  return { change: [{ ...call, bytes }] }
}

const refuse = (what: string, why: string): Part => ({ refused: [{ what, why }] })

const constructs: { readonly [type: string]: Construct } = {
  directory: "directory",
  file: "file",
  group: "group",
  link: "link",
  package: "pkg",
  service: "service",
  user: "user",
}

/** That it was not there says all about it. */
const isWhole = (construct: Construct, property: string): boolean =>
  ({
    directory: "directory",
    file: "content",
    group: "group",
    link: "target",
    pkg: "version",
    service: "",
    user: "user",
  })[construct] === property

const reactions: ReadonlySet<string> = new Set(["restart", "reload"])

/** A property's value on the machine as its option takes it; `undefined`: there is no such option. */
const optionOf = (construct: Construct, { property, from }: CausedChange): OptionValue | undefined => {
  if (from === null || from.startsWith("not shown")) return undefined
  switch (`${construct}.${property}`) {
    case "file.mode":
    case "directory.mode":
      return Number.parseInt(from, 8)
    case "user.uid":
    case "group.gid":
      return Number(from)
    case "user.groups":
      return from === "" ? [] : from.split(",")
    case "service.enabled":
    case "service.running":
      return from === "true"
    case "link.target":
      return ["file", "directory", "other"].includes(from) ? undefined : from
    case "file.owner":
    case "file.group":
    case "directory.owner":
    case "directory.group":
      return /^\d+$/.test(from) ? undefined : from
    case "user.group":
    case "user.comment":
    case "user.home":
    case "user.shell":
    case "pkg.version":
      return from
    default:
      return undefined
  }
}
