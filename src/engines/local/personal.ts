import { join } from "node:path"
import { FireclayError } from "../../contract/index.ts"
import { runOk } from "../../system/process.ts"
import { exists, pathInRoot, readText, writeInRoot } from "./files.ts"

/** Gives a mounted root what is a machine's own: its name, the hosts it can resolve, a resolver, an SSH host key. */
export const personalise = async (
  root: string,
  who: { readonly name: string; readonly address: string; readonly hostKey: boolean },
): Promise<void> => {
  await writeInRoot(root, "/etc/hostname", `${who.name}\n`)
  // A name that resolves nowhere costs some servers ten seconds at start.
  await writeInRoot(root, "/etc/hosts", `127.0.0.1 localhost\n::1 localhost\n${who.address} ${who.name}\n`)
  await writeResolver(root)
  if (who.hostKey) await makeHostKey(root)
}

/** Gives a mounted root the resolvers of this machine. */
export const writeResolver = async (root: string): Promise<void> =>
  writeInRoot(root, "/etc/resolv.conf", await resolvers())

/** A resolver that listens on this machine's loopback cannot be reached from another network namespace. */
const resolvers = async (): Promise<string> => {
  const text = (await readText("/run/systemd/resolve/resolv.conf")) ?? (await readText("/etc/resolv.conf")) ?? ""
  const lines = text.split("\n").filter((line) => /^(nameserver|search|options)\s/.test(line))
  return `${lines.filter((line) => !/^nameserver\s+(127\.|::1)/.test(line)).join("\n")}\n`
}

const makeHostKey = async (root: string): Promise<void> => {
  const directory = await pathInRoot(root, "/etc/ssh")
  const key = join(directory, "ssh_host_ed25519_key")
  if (!(await exists(directory)) || (await exists(key))) return
  await runOk(
    hostKeyArgv(key),
    (message, details) =>
      new FireclayError("FC_INSTANCE_START", `no SSH host key could be made: ${message}`, { details }),
  )
}

const hostKeyArgv = (path: string): readonly string[] => [
  ...["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path],
]
