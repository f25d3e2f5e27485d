import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { SshHost } from "../../../src/contract/index.ts"
import { succeed } from "./disk.ts"
import type { FaultMachine } from "./machine.ts"

/** Lets this host in as root over the machine's own network, by a key that is made for it. */
export const openSsh = async ({ root, address, directory }: FaultMachine): Promise<SshHost> => {
  const at = (name: string): string => join(directory, name)
  await succeed(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", at("key")])
  await mkdir(join(root, "root/.ssh"), { mode: 0o700, recursive: true })
  await writeFile(join(root, "root/.ssh/authorized_keys"), await readFile(at("key.pub")), { mode: 0o600 })
  const hostKey = await readFile(join(root, "etc/ssh/ssh_host_ed25519_key.pub"), "utf8")
  await writeFile(at("known_hosts"), `${address} ${hostKey}`)
  const config = `Host m\n  HostName ${address}\n  User root\n  IdentityFile ${at("key")}\n  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile ${at("known_hosts")}\n  GlobalKnownHostsFile /dev/null\n`
  await writeFile(at("ssh_config"), config)
  return { name: "m", destination: "m", sshConfig: at("ssh_config") }
}

/** Pulls the machine's cable out, or plugs it in. */
export const setCable = ({ link }: FaultMachine, state: "up" | "down"): Promise<void> =>
  succeed(["ip", "link", "set", link, state])
