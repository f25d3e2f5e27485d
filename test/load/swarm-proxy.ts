import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { run, start } from "../../src/system/process.ts"
import { docker, dockerTry, testLabel, until } from "../support/docker.ts"

/** HAProxy in a network of Swarm's. */
export interface SwarmProxy {
  readonly url: string
  readonly dispose: () => Promise<void>
}

interface ProxyWant {
  /** An image with a `sleep`. */
  readonly base: string
  readonly network: string
  readonly service: string
  readonly port: number
  /** The most tasks that there are at a time. */
  readonly slots: number
}

const container = "fireclay-test-swarm-proxy"
const listen = 8080

/** This computer's HAProxy, in the network of a container that does nothing else. */
export const startSwarmProxy = async (want: ProxyWant): Promise<SwarmProxy> => {
  const directory = mkdtempSync(join(tmpdir(), "fireclay-swarm-proxy-"))
  const labels = ["--label", testLabel, "--network", want.network]
  await docker(["run", "--detach", "--name", container, ...labels, want.base, "/bin/sleep", "infinity"])
  const pid = await docker(["inspect", "--format", "{{.State.Pid}}", container])
  const config = join(directory, "haproxy.cfg")
  writeFileSync(config, configOf(want))
  const haproxy = start(["nsenter", "--target", pid, "--net", "--", "haproxy", "-db", "-f", config], {
    stdio: ["ignore", "ignore", "ignore"],
  })
  const dispose = async (): Promise<void> => {
    if (haproxy.exitCode === null && haproxy.kill("SIGKILL")) await once(haproxy, "close")
    await dockerTry(["rm", "--force", container])
    rmSync(directory, { recursive: true, force: true })
  }
  const url = `http://${await bridgeAddress(pid)}:${listen}`
  await until("the service answers", 60_000, () =>
    fetch(`${url}/`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  return { url, dispose }
}

/** Where this computer reaches it: the bridge that Swarm gives each container besides its overlays. */
const bridgeAddress = async (pid: string): Promise<string> => {
  const { stdout } = await run(["nsenter", "--target", pid, "--net", "--", "ip", "-4", "-o", "address", "show", "eth1"])
  return /inet ([\d.]+)/.exec(stdout.toString())?.[1] ?? ""
}

/** Limits as those of our own router, where they can be alike. */
const configOf = ({ service, port, slots }: ProxyWant): string => `
global
  nbthread 1
resolvers swarm
  nameserver dns 127.0.0.11:53
  resolve_retries 3
  timeout resolve 200ms
  timeout retry 200ms
  hold valid 200ms
  hold nx 200ms
  hold obsolete 0s
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 2s
  timeout check 2s
  timeout tunnel 1h
  timeout http-request 10s
  timeout http-keep-alive 60s
frontend in
  bind :${listen}
  default_backend tasks
backend tasks
  balance roundrobin
  retry-on conn-failure
  retries 3
  option redispatch 1
  option http-server-close
  option httpchk GET /health
  server-template task ${slots} tasks.${service}:${port} check inter 500ms fastinter 200ms rise 1 fall 2 resolvers swarm init-addr none
`
