import { posix } from "node:path"
import type { PathState } from "../../../contract/index.ts"
import { enablement, type Finding } from "../judge.ts"
import type { AdoptedCall, Adoption, OptionValue, Seen, SeenPath } from "./adoption.ts"
import { isSecretPath, saysSecret } from "./secrets.ts"

type Part = Partial<Adoption>
type Options = AdoptedCall["options"]

/** Pure: how what nobody asked for would be asked for. */
export const adoptUndeclared = (findings: readonly Finding[], seen: Seen): Part => {
  const units = unitsOf(findings)
  const parts = [
    ...findings.filter(isTold(findings)).map((finding) => adoptOne(finding, findings, seen)),
    ...[...units].map((unit) => adoptUnit(unit, seen)),
  ]
  return {
    add: unique(parts.flatMap(({ add = [] }) => add)),
    refused: parts.flatMap(({ refused = [] }) => refused),
  }
}

/** Told by itself: not with a unit, nor with an account that has come with its password and its own group. */
const isTold =
  (findings: readonly Finding[]) =>
  (finding: Finding): boolean =>
    unitIn(finding) === undefined &&
    !(
      ["password", "group"].includes(finding.kind) &&
      findings.some(
        ({ kind, what, change }) => kind === "account" && what === finding.what && change === finding.change,
      )
    )

/** Units that run now and did not, or the other way round, or that start at boot now. */
const unitsOf = (findings: readonly Finding[]): ReadonlySet<string> =>
  new Set(findings.flatMap((finding) => unitIn(finding) ?? []))

const unitIn = ({ kind, what }: Finding): string | undefined =>
  kind === "running unit" ? what : enablement(what)?.unit

const adoptOne = (finding: Finding, findings: readonly Finding[], seen: Seen): Part => {
  const { kind, what, change } = finding
  const told = `${kind} ${what}`
  const reason = reasons[kind]
  if (reason !== undefined && (!what.startsWith("/") || always.has(kind))) return refuse(told, reason)
  if (kind === "account") return adoptAccount(finding, seen)
  if (kind === "package") return adoptPackage(finding, seen)
  if (kind === "group") return adoptGroup(finding, seen)
  if (change === "removed") return refuse(told, "a description says what is there, not what is not")
  return adoptPath(finding, new Set(findings.map((each) => each.what)), seen)
}

const refuse = (what: string, why: string): Part => ({ refused: [{ what, why }] })

const always: ReadonlySet<string> = new Set(["mount", "password", "port", "process", "setuid program", "odd name"])

const reasons: { readonly [kind: string]: string } = {
  "account file": "accounts are described one by one: user(…)",
  "firewall rule":
    "rules that the kernel has now are described by the file that brings them, such as /etc/nftables.conf",
  "host key": "it is this machine's own",
  "kernel module": "modules are described by a file below /etc/modules-load.d",
  "kernel setting": "settings are described by a file below /etc/sysctl.d",
  mount: "mounts are described by a unit, or by /etc/fstab",
  "odd name": "its name has characters that no description takes",
  "package database": "it is the package manager's own",
  password: "users have no passwords here",
  port: "a port is opened by a program: describe that, and what starts it",
  process: "a process is no description of what started it",
  "setuid program": "a program that runs with another's rights is for a person to decide about",
  socket: "a socket is made by a program",
  pipe: "no resource makes pipes",
  "special file": "no resource makes special files",
}

const adoptPath = (
  { kind, what, change, details, package: owner }: Finding,
  others: ReadonlySet<string>,
  seen: Seen,
): Part => {
  const told = `${kind} ${what}`
  if (details.includes("has capabilities")) return refuse(told, "capabilities are for a person to decide about")
  if (seen.large.has(what)) return refuse(told, "it has more below it than a project should keep")
  if (owner !== undefined && !what.startsWith("/etc/"))
    return refuse(told, `it is a part of the package ${owner}, which brings its own again with its next version`)
  const below =
    change === "added" && kind === "directory"
      ? [...seen.paths.keys()].filter((path) => path.startsWith(`${what}/`) && !others.has(path))
      : []
  return joined(
    [what, ...below].map((path) => adoptSeen(path === what ? told : `file ${path}`, path, seen.paths.get(path))),
  )
}

const adoptSeen = (told: string, path: string, state: SeenPath | undefined): Part => {
  // It becomes a path in the project too, and is what a machine says that may have been taken over.
  if (posix.normalize(path) !== path) return refuse(told, "its path is not what it seems to be")
  if (state === undefined) return refuse(told, "it is not there any more")
  const { kind, mode, owner, group, target = "", bytes, secret } = state
  if (kind === "link") return { add: [{ id: `link:${path}`, construct: "link", name: path, options: { target } }] }
  if ([owner, group].some((name) => /^\d+$/.test(name))) return refuse(told, "its owner has no name")
  if ((mode & 0o6000) !== 0) return refuse(told, reasons["setuid program"] ?? "")
  if (kind === "directory") {
    const options = ownershipOf(state, 0o755)
    return { add: [{ id: `directory:${path}`, construct: "directory", name: path, options }] }
  }
  if (kind !== "file") return refuse(told, reasons["special file"] ?? "")
  if (isSecretPath(path)) return refuse(told, "it is named like a secret, which belongs into no project: secret(…)")
  if (bytes === undefined) return refuse(told, `it is larger than a project should keep (${state.size} bytes)`)
  if (secret === true || saysSecret(bytes))
    return refuse(told, "it looks as if it held a secret, which belongs into no project: secret(…)")
  return { add: [{ id: `file:${path}`, construct: "file", name: path, options: ownershipOf(state, 0o644), bytes }] }
}

/** What is as it would be without being said is not said. */
const ownershipOf = ({ mode, owner, group }: PathState, usual: number): Options => ({
  ...(mode === usual ? {} : { mode }),
  ...(owner === "root" ? {} : { owner }),
  ...(group === owner ? {} : { group }),
})

const adoptAccount = ({ what, change }: Finding, { users, paths }: Seen): Part => {
  const user = users.get(what)
  if (change === "removed" || user === undefined)
    return refuse(`account ${what}`, "a description says what is there, not what is not")
  if (user.uid === 0) return refuse(`account ${what}`, "an account with all rights is for a person to decide about")
  const system = user.uid < 1000
  const given: { readonly [option: string]: OptionValue | undefined } = {
    system: system || undefined,
    group: user.group === what ? undefined : user.group,
    groups: user.groups.length === 0 ? undefined : user.groups,
    comment: user.comment || undefined,
    home: !system && user.home === `/home/${what}` ? undefined : user.home,
    createHome: !system && paths.get(user.home) === undefined ? false : undefined,
    shell: user.shell === (system ? "/usr/sbin/nologin" : "/bin/bash") ? undefined : user.shell,
  }
  return { add: [{ id: `user:${what}`, construct: "user", name: what, options: compact(given) }] }
}

const adoptGroup = ({ what, change }: Finding, { groups }: Seen): Part => {
  const group = groups.get(what)
  if (change !== "added" || group === undefined)
    return refuse(`group ${what}`, "who is in a group is said of each user: user(…, { groups: […] })")
  const options = group.gid < 1000 ? { system: true } : {}
  return { add: [{ id: `group:${what}`, construct: "group", name: what, options }] }
}

const adoptPackage = ({ what, change, details }: Finding, { packages }: Seen): Part => {
  const name = what.replace(/:.*/, "")
  const state = packages.get(name)
  if (change === "removed" || state === undefined)
    return refuse(`package ${name}`, "a description says what is there, not what is not")
  if (state.held) return refuse(`package ${name}`, "that it is held cannot be described")
  if (!/\binstalled\b/.test(details.join(" ").replace(/.*→/, "")))
    return refuse(`package ${name}`, "it is not wholly installed")
  const options = change === "added" ? {} : { version: state.version }
  return { add: [{ id: `package:${name}`, construct: "pkg", name, options }] }
}

const adoptUnit = (unit: string, { units }: Seen): Part => {
  const state = units.get(unit)
  if (state === undefined || state.fragment === "" || state.fragment.startsWith("/run/"))
    return refuse(`running unit ${unit}`, "it was started by hand and is described nowhere")
  const options = { ...(state.enabled ? {} : { enabled: false }), ...(state.active ? {} : { running: false }) }
  return { add: [{ id: `service:${unit}`, construct: "service", name: unit, options }] }
}

const compact = (options: { readonly [option: string]: OptionValue | undefined }): Options =>
  Object.fromEntries(
    Object.entries(options).flatMap(([option, value]) => (value === undefined ? [] : [[option, value]])),
  )

const joined = (parts: readonly Part[]): Part => ({
  add: parts.flatMap(({ add = [] }) => add),
  refused: parts.flatMap(({ refused = [] }) => refused),
})

const unique = (calls: readonly AdoptedCall[]): readonly AdoptedCall[] => [
  ...new Map(calls.map((call) => [call.id, call])).values(),
]
