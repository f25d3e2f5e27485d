import { readFileSync, writeFileSync } from "node:fs"
import { connect, createServer, type Server, type Socket } from "node:net"
import { join } from "node:path"
import { type SshServers, startSshServers } from "../../test/support/ssh-servers.ts"
import type { Work } from "./work.ts"
import { linesBefore } from "./work.ts"

/** Servers, and ways to them with and without added latency. */
export interface BenchHosts {
  readonly names: readonly string[]
  /** An OpenSSH configuration in which each name leads to its server with this much added to each round trip. */
  readonly sshConfig: (latencyMs: number) => Promise<string>
  /** Takes the work away again from the first `count` servers, for the next first apply. */
  readonly reset: (count: number, work: Work) => Promise<void>
  readonly dispose: () => Promise<void>
}

export const startHosts = async (count: number): Promise<BenchHosts> => {
  const servers = await startSshServers(count)
  const names = servers.hosts.map(({ name }) => name)
  const relays: Server[] = []
  const configs = new Map<number, Promise<string>>([[0, Promise.resolve(servers.sshConfigPath)]])
  return {
    names,
    sshConfig: (latencyMs) => {
      const config = configs.get(latencyMs) ?? relayedConfig(servers, names, latencyMs, relays)
      configs.set(latencyMs, config)
      return config
    },
    reset: async (hosts, work) => {
      const script = resetScript(work)
      await inChunks(names.slice(0, hosts), 5, async (name) => {
        const { exitCode, stderr } = await servers.exec(names.indexOf(name), ["sh", "-c", script])
        if (exitCode !== 0) throw new Error(`${name} could not be reset: ${stderr}`)
      })
    },
    dispose: async () => {
      for (const relay of relays) relay.close()
      await servers.dispose()
    },
  }
}

const inChunks = async <T>(all: readonly T[], size: number, work: (each: T) => Promise<void>): Promise<void> => {
  for (let from = 0; from < all.length; from += size) await Promise.all(all.slice(from, from + size).map(work))
}

const resetScript = (work: Work): string =>
  [
    "rm -rf /srv/bench /var/lib/fireclay /root/.ansible",
    ...work.users.map((number) => `userdel bench${number} 2>/dev/null`),
    "mkdir -p /srv/lines",
    ...work.lines.map((number) => `printf '%s' '${linesBefore(number)}' >/srv/lines/${number}.conf`),
    "exit 0",
  ].join("\n")

/**
 * Latency by a relay on this computer: each piece of a connection is handed on half of it later, and so is the
 * beginning of the connection, as `tc netem` would have it. Kernels without netem can be measured so.
 */
const relayedConfig = async (
  servers: SshServers,
  names: readonly string[],
  latencyMs: number,
  relays: Server[],
): Promise<string> => {
  const blocks = await Promise.all(
    servers.addresses.map(async (address, index) => {
      const relay = await openRelay(address, latencyMs)
      relays.push(relay.server)
      return `Host ${names[index]}\n  HostName 127.0.0.1\n  Port ${relay.port}\n  HostKeyAlias ${address}\n`
    }),
  )
  const common = readFileSync(servers.sshConfigPath, "utf8").replace(/^[\s\S]*?(?=^Host \*)/m, "")
  const path = join(servers.directory, `config-${latencyMs}`)
  writeFileSync(path, [...blocks, common].join(""))
  return path
}

const openRelay = async (address: string, latencyMs: number): Promise<{ server: Server; port: number }> => {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
    const far = connect({ host: address, port: 22, noDelay: true, allowHalfOpen: true })
    // The round trip of the handshake of TCP, which this side cannot delay.
    handOn(near, far, latencyMs / 2, latencyMs)
    handOn(far, near, latencyMs / 2, latencyMs)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const bound = server.address()
  if (bound === null || typeof bound === "string") throw new Error("the relay has no port")
  return { server, port: bound.port }
}

const handOn = (from: Socket, to: Socket, delayMs: number, openMs: number): void => {
  const opens = performance.now() + openMs
  let last = opens
  const later = (act: () => void): void => {
    last = Math.max(last, performance.now() + delayMs)
    setTimeout(act, last - performance.now())
  }
  from.on("data", (chunk: Buffer) => later(() => to.write(chunk)))
  from.on("end", () => later(() => to.end()))
  from.on("error", () => to.destroy())
}
