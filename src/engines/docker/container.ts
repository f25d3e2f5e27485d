import type { InstanceWant } from "../../contract/index.ts"
import type { Place } from "../local/place.ts"
import { superviseArgv } from "../supervise.ts"
import { labels, ownLabels, volumeName } from "./marks.ts"

export interface ContainerWant {
  readonly want: InstanceWant
  /** Name or id of the image in the daemon. */
  readonly image: string
  /** Name or id. */
  readonly network: string
  /** `undefined`: the daemon chooses. */
  readonly address: string | undefined
  readonly createdAt: string
}

/** The body of `POST /containers/create`. */
export const containerBody = (at: Place, { want, image, network, address, createdAt }: ContainerWant): unknown => {
  return {
    Image: image,
    Hostname: want.name,
    Entrypoint: entrypoint(want, address),
    Cmd: [],
    // The program's own user comes after what only root can prepare.
    User: "0",
    WorkingDir: "/",
    Env: [],
    StopSignal: "SIGTERM",
    Labels: { ...want.labels, ...labelsOf(at, want, createdAt, address) },
    HostConfig: hostConfig(at, want, network),
    NetworkingConfig: {
      EndpointsConfig: {
        [network]: { Aliases: [want.name], ...(address === undefined ? {} : placed(address)) },
      },
    },
  }
}

/**
 * Who has an address next has its link address too, as Docker itself did it for long: else this computer sends to the one
 * that had it before, until it finds that out.
 */
const placed = (address: string): object => {
  const bytes = address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"))
  return { IPAMConfig: { IPv4Address: address }, MacAddress: ["02", "42", ...bytes].join(":") }
}

/** Made when the container may go on, for one that waits for what it is to find at its start. */
export const gate = "/run/.fireclay-started"

/** Secrets are given to what runs, and kept nowhere: then the container starts its program again itself. */
export const isGated = ({ process, startFiles, plainStartFiles }: InstanceWant): boolean =>
  process !== undefined && startFiles !== undefined && plainStartFiles !== true

const entrypoint = (want: InstanceWant, address: string | undefined): readonly string[] => {
  if (want.process === undefined) return ["/bin/sleep", "infinity"]
  if (isGated(want)) return superviseArgv(want.process, { again: true, gate })
  const files = want.startFiles?.({ name: want.name, address: address ?? "" }) ?? new Map<string, Uint8Array>()
  const placed = new Map([...files].map(([path, bytes]) => [`/run/fireclay/${path}`, bytes]))
  return superviseArgv(want.process, { again: false, files: placed })
}

const labelsOf = (
  at: Place,
  want: InstanceWant,
  createdAt: string,
  address: string | undefined,
): { readonly [name: string]: string } => ({
  ...ownLabels(at),
  [labels.name]: want.name,
  [labels.fleet]: want.fleet,
  [labels.created]: createdAt,
  ...(address === undefined ? {} : { [labels.address]: address }),
  ...(want.release === undefined ? {} : { [labels.release]: String(want.release) }),
  ...("image" in want.from ? { [labels.image]: want.from.image } : {}),
  [labels.volumes]: JSON.stringify(
    want.volumes.map(({ name, access }) => ({ name, ...(access === undefined ? {} : { access }) })),
  ),
  ...(isGated(want) ? { [labels.gated]: "yes" } : want.process === undefined ? {} : { [labels.prepared]: "yes" }),
  ...(isGentle(want) ? { [labels.gentle]: "yes" } : {}),
})

/** Whether there is something to lose when it is killed. */
const isGentle = (want: InstanceWant): boolean => !("image" in want.from) || want.volumes.length > 0

const hostConfig = (at: Place, want: InstanceWant, network: string): unknown => {
  const readOnly = "image" in want.from
  return {
    NetworkMode: network,
    Init: true,
    RestartPolicy: { Name: isGated(want) ? "no" : "unless-stopped" },
    ReadonlyRootfs: readOnly,
    SecurityOpt: want.process === undefined ? [] : ["no-new-privileges"],
    CapDrop: readOnly ? needless : [],
    // So that a program that is not root may listen below 1024, as the unit of a spec may.
    Sysctls: { "net.ipv4.ip_unprivileged_port_start": "0" },
    Tmpfs: { ...(readOnly ? inMemory : {}), "/run/fireclay": "noexec,nosuid,nodev,mode=700,size=16m" },
    Mounts: [
      ...want.volumes.map(({ name, path }) => ({
        Type: "volume",
        Source: volumeName(at, want.fleet, name),
        Target: path,
      })),
      ...(readOnly ? writableOf(want).map((path) => scratchMount(at, path)) : []),
    ],
    ...(want.limits?.memoryBytes === undefined
      ? {}
      : { Memory: want.limits.memoryBytes, MemorySwap: want.limits.memoryBytes }),
    ...(want.limits?.cpus === undefined ? {} : { NanoCpus: Math.round(want.limits.cpus * 1e9) }),
    LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } },
  }
}

/** What no server needs, of what Docker leaves to root. */
const needless = ["AUDIT_WRITE", "MKNOD", "NET_RAW", "SETFCAP", "SYS_CHROOT"] as const

const inMemory = { "/tmp": "exec,nosuid,nodev,mode=1777", "/run": "nosuid,nodev,mode=755" } as const

const alwaysWritable = ["/var/cache", "/var/log", "/var/tmp"] as const

const writableOf = ({ scratch }: InstanceWant): readonly string[] => [...new Set([...alwaysWritable, ...scratch])]

/** A volume without a name starts as what the image has in its place, and goes with its container. */
const scratchMount = (at: Place, path: string): unknown => ({
  Type: "volume",
  Target: path,
  VolumeOptions: { Labels: ownLabels(at) },
})
