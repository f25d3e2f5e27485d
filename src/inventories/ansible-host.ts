import type { SshJump } from "../contract/index.ts"
import { shellWords } from "./ansible-words.ts"
import { vaulted } from "./ansible-yaml.ts"
import type { Variables } from "./inventory.ts"
import { type FoundHost, inventoryError, type Said } from "./place.ts"

export interface Telling {
  /** Where a host is that says nothing itself. */
  readonly at: string
  /** Takes a sentence on something that is not used. */
  readonly note: (text: string) => void
}

/**
 * A server by its variables.
 *
 * @throws FireclayError FC_INVENTORY for what would reach another machine or another account
 */
export const hostFrom = (name: string, variables: Variables, tags: readonly string[], telling: Telling): FoundHost => {
  const say = reader(name, variables)
  refuseOtherWays(name, say)
  const port = portOf(say("ansible_port", "ansible_ssh_port"))
  const user = say("ansible_user", "ansible_ssh_user")?.text
  const identityFile = say("ansible_ssh_private_key_file", "ansible_private_key_file")?.text
  const jump = jumpOf(name, say, telling)
  noteUnused(name, variables, telling)
  return {
    name,
    destination: say("ansible_host", "ansible_ssh_host")?.text ?? name,
    at: [...variables.values()][0]?.at ?? telling.at,
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(identityFile === undefined ? {} : { identityFile }),
    ...(becomesRoot(name, say) ? { sudo: true } : {}),
    ...(jump.length === 0 ? {} : { jump }),
    ...(tags.length === 0 ? {} : { tags }),
  }
}

interface Word {
  readonly text: string
  readonly at: string
  readonly variable: string
}
/** The first of these variables that says something. */
type Say = (...names: readonly string[]) => Word | undefined

const reader =
  (host: string, variables: Variables): Say =>
  (...names) => {
    const variable = names.find((name) => (variables.get(name)?.value ?? null) !== null)
    const { value, at } = (variable === undefined ? undefined : variables.get(variable)) ?? ({} as Partial<Said>)
    if (variable === undefined || at === undefined) return undefined
    if (value === vaulted || (typeof value === "string" && value.includes("$ANSIBLE_VAULT")))
      throw inventoryError(
        `${variable} of ${host} is encrypted with ansible-vault, which Fireclay does not open`,
        at,
        "say it in the configuration: ssh({ hosts: ansibleInventory(…), … })",
      )
    if (typeof value === "object" || typeof value === "symbol")
      throw inventoryError(`${variable} of ${host} is not a single value`, at)
    const text = String(value)
    if (/\{\{|\{%/.test(text))
      throw inventoryError(
        `${variable} of ${host} is a template, which only Ansible can fill in`,
        at,
        "write the value, or use what ansible-inventory --list says",
      )
    return text === "" ? undefined : { text, at, variable }
  }

const ssh = /^(ansible\.builtin\.|ansible\.netcommon\.)?(ssh|smart|paramiko|paramiko_ssh)$/

const refuseOtherWays = (name: string, say: Say): void => {
  const connection = say("ansible_connection")
  if (connection !== undefined && !ssh.test(connection.text))
    throw inventoryError(
      `${name} is not reached over SSH: ansible_connection is ${connection.text}`,
      connection.at,
      connection.text === "local"
        ? "leave it out with limit: '!…', or use a host that ssh reaches"
        : "leave it out by group or limit",
    )
}

const portOf = (said: Word | undefined): number | undefined => {
  if (said === undefined) return undefined
  const port = Number(said.text)
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw inventoryError(
    `${said.variable} is "${said.text}", which is not a port`,
    said.at,
    "use a whole number from 1 to 65535",
  )
}

const becomesRoot = (name: string, say: Say): boolean => {
  const become = say("ansible_become")
  if (become === undefined || !/^(true|yes|on|1|y|t)$/i.test(become.text)) return false
  const user = say("ansible_become_user")
  if (user !== undefined && user.text !== "root")
    throw inventoryError(
      `${name} becomes ${user.text}, and Fireclay needs root`,
      user.at,
      "use ansible_become_user=root",
    )
  const method = say("ansible_become_method")
  if (method !== undefined && !/^(ansible\.builtin\.)?sudo$/.test(method.text))
    throw inventoryError(`${name} becomes root by ${method.text}, and Fireclay does by sudo only`, method.at)
  return true
}

/** Arguments for ssh: a jump host is understood, and nothing else. */
const jumpOf = (name: string, say: Say, { note }: Telling): readonly SshJump[] => {
  const hops: SshJump[] = []
  for (const variable of ["ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_ssh_args"]) {
    const said = say(variable)
    if (said === undefined) continue
    const words = [...shellWords(said.text, said.at)]
    const unused: string[] = []
    while (words.length > 0) {
      const word = words.shift() ?? ""
      const option = /^-[oJ]$/.test(word) ? `${word}${words.shift() ?? ""}` : word
      const way = /^-J\s*(.+)$/.exec(option)?.[1] ?? /^-o\s*ProxyJump[\s=]+(.+)$/i.exec(option)?.[1]
      if (way === undefined) unused.push(option)
      else if (hops.length === 0 && way !== "none") hops.push(...way.split(",").map((hop) => readHop(hop, said.at)))
    }
    if (unused.length > 0) note(`${said.at}: of ${variable} of ${name} this is not used: ${unused.join(" ")}`)
  }
  return hops
}

const readHop = (text: string, at: string): SshJump => {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text.trim()) ?? []
  const destination = bracketed ?? plain
  if (destination === undefined) throw inventoryError(`"${text}" is not a jump host`, at, "write user@host:port")
  return {
    destination,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  }
}

/** Of all that Ansible may be told of a connection, what matters here and is not used. What is for its modules is left out. */
const unusedHere =
  /^ansible_(password|ssh_pass(word)?|become_pass(word)?|sudo_pass(word)?|become_exe|become_flags|become_plugin|ssh_host_key_checking|host_key_checking|ssh_executable|ssh_transfer_method|sftp_extra_args|scp_extra_args|ssh_use_tty|ssh_pipelining|timeout|ssh_timeout|ssh_retries|control_path|ssh_host_alias|proxy_command|paramiko_proxy_command)$/

const noteUnused = (name: string, variables: Variables, { note }: Telling): void => {
  for (const [variable, { at }] of variables)
    if (unusedHere.test(variable)) note(`${at}: ${variable} of ${name} is not used${advice(variable)}`)
}

const advice = (variable: string): string => {
  if (/become_pass|sudo_pass/.test(variable)) return "; say it in the configuration, as sudo: { password: … }"
  return /password|ssh_pass/.test(variable) ? "; Fireclay logs in with a key" : ""
}
