import { createHash, randomBytes, randomInt } from "node:crypto"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { SshHost } from "../../src/contract/index.ts"
import { type Finished, lastLines, type RunOptions, run } from "../../src/system/process.ts"
import { docker, dockerTry, ensureDocker, locked, testLabel, until } from "./docker.ts"

/** Real servers: each has systemd as process 1, its own sshd, and apt that works. */
export interface SshServers {
  /** One for each server, as root: `server-1`, `server-2` …; made for {@link SshServers.sshConfigPath}. */
  readonly hosts: readonly SshHost[]
  /** Has a `Host` block for each server: address, key, known_hosts. */
  readonly sshConfigPath: string
  /** Holds the key pair (`key`), `known_hosts` and the configuration. */
  readonly directory: string
  readonly addresses: readonly string[]
  /** Runs a program on a server without SSH. */
  readonly exec: (index: number, argv: readonly string[], options?: RunOptions) => Promise<Finished>
  /** Runs a program of this machine in a server's network, for example `iptables`. */
  readonly inNetwork: (index: number, argv: readonly string[]) => Promise<Finished>
  /** Reboots; `hard` cuts the power instead of shutting down. Resolves when it is up again. */
  readonly restart: (index: number, options?: { readonly hard?: boolean }) => Promise<void>
  readonly dispose: () => Promise<void>
}

/** What sudo asks `guest` for. */
export const guestPassword = "gu est's $ecret"

/**
 * Starts servers in containers. Accounts: `root`, `deploy` (sudo without a password) and `guest` (sudo asks for
 * {@link guestPassword}); the one key opens all. Needs root, Docker and mmdebstrap; the first start makes a base and keeps it
 * under `FIRECLAY_CACHE` or `node_modules/.cache/fireclay`.
 */
export const startSshServers = async (
  count: number,
  { mounts = [] }: { /** Paths of this computer that they have too. */ readonly mounts?: readonly string[] } = {},
): Promise<SshServers> => {
  const use = await ensureDocker()
  const directory = mkdtempSync(join(tmpdir(), "fireclay-ssh-"))
  const id = `fireclay-test-${randomBytes(4).toString("hex")}`
  const names = Array.from({ length: count }, (_, index) => `server-${index + 1}`)
  const lowerAgain = raiseInotify(count)
  const dispose = async (): Promise<void> => {
    lowerAgain()
    await Promise.all(names.map((name) => dockerTry(["rm", "--force", "--volumes", `${id}-${name}`])))
    await dockerTry(["network", "rm", id])
    await use.dispose()
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    const image = await ensureImage()
    const subnet = await createNetwork(id)
    await makeKey(directory)
    const addresses = names.map((_, index) => `${subnet}.${index + 10}`)
    const start = async (name: string, address = ""): Promise<void> => {
      await docker(runServer(id, name, address, image, directory, mounts))
      await untilUp(`${id}-${name}`, address)
    }
    // A few at a time: fifty that boot at once are not up within any time that one would wait for one.
    for (let from = 0; from < count; from += 5)
      await Promise.all(names.slice(from, from + 5).map((name, index) => start(name, addresses[from + index])))
    const sshConfigPath = await writeConfig(directory, id, names, addresses)
    const container = (index: number): string => `${id}-${names[index]}`
    return {
      hosts: names.map((name) => ({ name, destination: name, sshConfig: sshConfigPath })),
      sshConfigPath,
      directory,
      addresses,
      exec: (index, argv, options) =>
        dockerTry([...execServer(container(index), options?.input !== undefined), ...argv], options),
      inNetwork: async (index, argv) => {
        const pid = await docker(["inspect", "--format", "{{.State.Pid}}", container(index)])
        return run(["nsenter", "--target", pid, "--net", "--", ...argv])
      },
      restart: async (index, options) => {
        await docker(options?.hard === true ? ["kill", container(index)] : ["stop", container(index)])
        await docker(["start", container(index)])
        await untilUp(container(index), addresses[index] ?? "")
      },
      dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Each systemd takes several of these, and 128 are to be had for all that root runs: enough for some twenty servers. */
const raiseInotify = (servers: number): (() => void) => {
  const path = "/proc/sys/fs/inotify/max_user_instances"
  const before = readFileSync(path, "utf8")
  if (Number(before) >= servers * 8) return () => undefined
  writeFileSync(path, String(servers * 8))
  return () => writeFileSync(path, before)
}

const suite = "bookworm"
const packages = ["systemd", "systemd-sysv", "dbus", "openssh-server", "python3", "iproute2", "procps", "sudo"]
const bootstrap = (tar: string): readonly string[] => [
  "mmdebstrap",
  "--variant=minbase",
  `--include=${packages.join(",")}`,
  suite,
  tar,
]

/** What every server has on top of the base: accounts, and a host key of its own before systemd starts. */
const prepare = `set -e
for user in deploy guest; do
  id "$user" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$user"
done
printf 'deploy ALL=(ALL) NOPASSWD: ALL\\n' >/etc/sudoers.d/deploy
printf 'guest ALL=(ALL) ALL\\n' >/etc/sudoers.d/guest
printf 'guest:%s\\n' "$FIRECLAY_GUEST" | chpasswd
for home in /root /home/deploy /home/guest; do
  mkdir -p "$home/.ssh"
  printf '%s\\n' "$FIRECLAY_KEY" >"$home/.ssh/authorized_keys"
  chown -R "$(stat -c %U:%G "$home")" "$home/.ssh"
done
if [ ! -e /etc/ssh/.own-key ]; then
  rm -f /etc/ssh/ssh_host_*
  ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
  : >/etc/ssh/.own-key
fi
exec /sbin/init`

const runServer = (
  id: string,
  name: string,
  address: string,
  image: string,
  directory: string,
  mounts: readonly string[],
): readonly string[] => [
  "run",
  "--detach",
  ...["--name", `${id}-${name}`, "--hostname", name, "--network", id, "--ip", address],
  ...["--label", testLabel, "--stop-signal", "SIGRTMIN+3", "--cgroupns=private"],
  ...[
    "--cap-add",
    "SYS_ADMIN",
    "--cap-add",
    "NET_ADMIN",
    "--security-opt",
    "seccomp=unconfined",
    "--security-opt",
    "apparmor=unconfined",
  ],
  ...["--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec"],
  ...mounts.flatMap((path) => ["--volume", `${path}:${path}`]),
  ...["--env", "container=docker", "--env", `FIRECLAY_GUEST=${guestPassword}`],
  ...["--env", `FIRECLAY_KEY=${readFileSync(join(directory, "key.pub"), "utf8").trim()}`],
  ...[image, "/bin/sh", "-c", prepare],
]

const execServer = (container: string, withInput: boolean): readonly string[] => [
  "exec",
  ...(withInput ? ["--interactive"] : []),
  container,
]

const makeKey = async (directory: string): Promise<void> => {
  const key = join(directory, "key")
  const { exitCode, stderr } = await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", key])
  if (exitCode !== 0) throw new Error(`ssh-keygen: ${stderr}`)
}

/** A network of its own, so that a server keeps its address over a restart. Answers the first three numbers. */
const createNetwork = async (id: string): Promise<string> => {
  for (let tries = 0; ; tries++) {
    const subnet = `172.${randomInt(20, 31)}.${randomInt(0, 255)}`
    const { exitCode, stderr } = await dockerTry([
      "network",
      "create",
      "--label",
      testLabel,
      "--subnet",
      `${subnet}.0/24`,
      id,
    ])
    if (exitCode === 0) return subnet
    if (tries === 10) throw new Error(`docker network create: ${stderr}`)
  }
}

const untilUp = async (container: string, address: string): Promise<void> => {
  await until(`${container} has booted`, 60_000, async () => {
    const { stdout } = await dockerTry(["exec", container, "systemctl", "is-system-running"])
    return /^(running|degraded)/.test(stdout.toString())
  })
  await until(`sshd of ${container} listens`, 30_000, () => listens(address, 22))
}

const listens = (address: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, address)
    const answer = (yes: boolean) => () => {
      socket.destroy()
      resolve(yes)
    }
    socket.once("connect", answer(true)).once("error", answer(false)).setTimeout(1000, answer(false))
  })

const writeConfig = async (
  directory: string,
  id: string,
  names: readonly string[],
  addresses: readonly string[],
): Promise<string> => {
  const hostKey = "/etc/ssh/ssh_host_ed25519_key.pub"
  const keys = await Promise.all(names.map((name) => docker(["exec", `${id}-${name}`, "cat", hostKey])))
  const knownHosts = keys.map((key, index) => `${addresses[index]} ${key.split(" ").slice(0, 2).join(" ")}\n`)
  writeFileSync(join(directory, "known_hosts"), knownHosts.join(""))
  const path = join(directory, "config")
  const blocks = names.map((name, index) => `Host ${name}\n  HostName ${addresses[index]}\n`)
  writeFileSync(path, [...blocks, common(directory)].join(""))
  return path
}

const common = (directory: string): string => `Host *
  User root
  IdentityFile ${join(directory, "key")}
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile ${join(directory, "known_hosts")}
  GlobalKnownHostsFile /dev/null
`

/** Name of an image made of a base that is kept by its inputs. Only one process makes it. */
const ensureImage = (): Promise<string> =>
  locked("base", async () => {
    const key = createHash("sha256")
      .update(JSON.stringify(bootstrap("")))
      .digest("hex")
      .slice(0, 16)
    const image = `fireclay-test-server:${key}`
    if ((await dockerTry(["image", "inspect", image])).exitCode === 0) return image
    await docker(["import", await ensureBase(key), image])
    return image
  })

const ensureBase = async (key: string): Promise<string> => {
  const cache = process.env.FIRECLAY_CACHE ?? join(import.meta.dirname, "../../node_modules/.cache/fireclay")
  mkdirSync(cache, { recursive: true })
  const tar = join(cache, `ssh-server-${key}.tar`)
  if (existsSync(tar)) return tar
  const { exitCode, stderr } = await run(bootstrap(`${tar}.new.tar`))
  if (exitCode !== 0) throw new Error(`mmdebstrap: ${lastLines(stderr).join("\n")}`)
  renameSync(`${tar}.new.tar`, tar)
  return tar
}
