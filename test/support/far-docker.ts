import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { lastLines, run, start } from "../../src/system/process.ts"
import { until } from "./docker.ts"

/** A Docker daemon as on another computer: with a network, a packet filter and images of its own. */
export interface FarDocker {
  /** `tcp://…`, which takes only clients whose certificate its authority has signed. */
  readonly url: string
  /** The client's `ca.pem`, `cert.pem` and `key.pem`. */
  readonly certificates: string
  readonly dispose: () => Promise<void>
}

const [here, there] = ["10.99.214.1", "10.99.214.2"]
const [namespace, link] = ["fireclay-far", "fc-far"]

/**
 * Starts one behind a link, and a route to its containers, as who runs containers on another computer has to see to. Its
 * files stay on a disk, for it makes overlays.
 */
export const startFarDocker = async (): Promise<FarDocker> => {
  const directory = mkdtempSync("/var/tmp/fireclay-far-")
  const pidFile = join(directory, "pid")
  const dispose = async (): Promise<void> => {
    await stopDaemon(pidFile)
    await run(["ip", "netns", "delete", namespace])
    await run(["ip", "link", "delete", link])
    for (const mount of mountsBelow(directory)) await run(["umount", "--lazy", mount])
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    await makeNetwork()
    const certificates = await makeCertificates(directory)
    await startDaemon(directory, pidFile)
    // The daemon lets nothing in from outside unless it is told to.
    await inNamespace(["iptables", "-I", "DOCKER-USER", "-s", `${here}/32`, "-j", "ACCEPT"])
    return { url: `tcp://${there}:2376`, certificates, dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

const must = async (argv: readonly string[]): Promise<void> => {
  const { exitCode, stderr } = await run(argv)
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${lastLines(stderr).join("\n")}`)
}

const inNamespace = (argv: readonly string[]): Promise<void> =>
  must(["nsenter", `--net=/run/netns/${namespace}`, ...argv])

const makeNetwork = async (): Promise<void> => {
  await must(["ip", "netns", "add", namespace])
  await must(["ip", "link", "add", link, "type", "veth", "peer", "name", "fc-far-in", "netns", namespace])
  await must(["ip", "address", "add", `${here}/30`, "dev", link])
  await must(["ip", "link", "set", link, "up"])
  await inNamespace(["ip", "link", "set", "lo", "up"])
  await inNamespace(["ip", "address", "add", `${there}/30`, "dev", "fc-far-in"])
  await inNamespace(["ip", "link", "set", "fc-far-in", "up"])
  // Less exact than those of networks of this computer.
  await must(["ip", "route", "add", "10.214.0.0/16", "via", there])
}

const makeCertificates = async (directory: string): Promise<string> => {
  const [server, client] = [join(directory, "server"), join(directory, "client")]
  for (const side of [server, client]) mkdirSync(side)
  const key = (at: string): readonly string[] => [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    at,
  ]
  const authority = [join(directory, "ca.pem"), join(directory, "ca-key.pem")] as const
  await must(["openssl", "req", "-x509", ...key(authority[1]), "-out", authority[0], "-subj", "/CN=far"])
  const use = join(directory, "use")
  const sides = [
    [server, `subjectAltName=IP:${there}`],
    [client, "extendedKeyUsage=clientAuth"],
  ] as const
  for (const [side, extension] of sides) {
    const request = join(side, "request.pem")
    writeFileSync(use, extension)
    await must(["openssl", "req", ...key(join(side, "key.pem")), "-out", request, "-subj", "/CN=side"])
    const signed = ["-CA", authority[0], "-CAkey", authority[1], "-CAcreateserial", "-extfile", use]
    await must(["openssl", "x509", "-req", "-in", request, "-out", join(side, "cert.pem"), ...signed])
    writeFileSync(join(side, "ca.pem"), readFileSync(authority[0]))
  }
  return client
}

const startDaemon = async (directory: string, pidFile: string): Promise<void> => {
  const log = openSync(join(directory, "log"), "w")
  const own = ["--data-root", join(directory, "data"), "--exec-root", join(directory, "run"), "--pidfile", pidFile]
  const [ca, cert, key] = ["ca.pem", "cert.pem", "key.pem"].map((name) => join(directory, "server", name))
  const tls = ["--tlsverify", "--tlscacert", ca ?? "", "--tlscert", cert ?? "", "--tlskey", key ?? ""]
  const argv = ["nsenter", `--net=/run/netns/${namespace}`, "dockerd", ...own, "--host", `tcp://${there}:2376`, ...tls]
  const daemon = start(argv, { stdio: ["ignore", log, log], detached: true })
  daemon.unref()
  await until("the far dockerd listens", 60_000, async () => {
    const text = readFileSync(join(directory, "log"), "utf8")
    if (daemon.exitCode !== null) throw new Error(`the far dockerd ended: ${lastLines(text).join("\n")}`)
    return text.includes("API listen on")
  })
}

const stopDaemon = async (pidFile: string): Promise<void> => {
  try {
    const pid = Number(readFileSync(pidFile, "utf8"))
    process.kill(pid, "SIGTERM")
    await until("the far dockerd stops", 60_000, async () => isGone(pid))
  } catch {
    // It never ran.
  }
}

const isGone = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")
  } catch {
    return true
  }
}

const mountsBelow = (directory: string): readonly string[] =>
  readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .flatMap((line) => line.split(" ")[1] ?? [])
    .filter((path) => path.startsWith(`${directory}/`))
    .toReversed()
