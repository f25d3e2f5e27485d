import { z } from "zod"
import type { Boot, Delivery } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { name } from "../schema/fields.ts"
import type { HostsFor } from "./fleet.ts"
import { deepFreeze } from "./freeze.ts"

export interface LocalInstances {
  /** How many instances of the image run. */
  readonly count: number
  /**
   * What an instance starts with: `"systemd"`, which starts all that is enabled, or `"process"`, the one program of `run`,
   * which takes a fraction of the time and memory. Absent: systemd, where the spec or its image has more for it to start
   * than `run`, and else the program.
   */
  readonly boot?: Boot
}

/**
 * Machines on this computer: `machines` are kept and converged, `count` is how many instances of an image run.
 *
 * @example
 * fleet(app, { on: local({ count: 3, boot: "systemd" }), by: replace({ strategy: rolling() }) })
 */
export function local(options: { readonly machines: number }): HostsFor<"in-place">
export function local(options: LocalInstances): HostsFor<"replace">
export function local(options: { readonly machines: number } | LocalInstances): HostsFor<Delivery> {
  const checked = check(localSchema, options, "local")
  const hosts =
    "machines" in checked
      ? { kind: "local", makes: "machines", count: checked.machines, suits: { "in-place": true } }
      : { kind: "local", makes: "instances", ...checked, suits: { replace: true } }
  return deepFreeze(hosts) as HostsFor<Delivery>
}

export interface DockerOptions {
  /** How many containers run. */
  readonly count: number
  /** One of the user's contexts (`docker context ls`). Absent: as `docker` itself chooses. */
  readonly context?: string
  /** What each may use at most, such as `"512m"` or `"2g"`. */
  readonly memory?: string
  /** The same of processors, such as 0.5. */
  readonly cpus?: number
  /** What is put on each container besides Fireclay's own. */
  readonly labels?: { readonly [name: string]: string }
  /** A network that exists. Absent: one of the project's own. */
  readonly network?: string
}

/**
 * Containers of Docker, or of Podman by the same API: each an instance of the image that the release is, with the one
 * program of `run`.
 *
 * @example
 * fleet(app, { on: docker({ count: 3, memory: "512m" }), by: replace({ strategy: blueGreen() }), listen: 8081 })
 */
export const docker = (options: DockerOptions): HostsFor<"replace"> => {
  const { memory, ...rest } = check(dockerSchema, options, "docker")
  const hosts = {
    kind: "docker",
    makes: "instances",
    ...rest,
    ...(memory === undefined ? {} : { memoryBytes: memory }),
    suits: { replace: true },
  }
  return deepFreeze(hosts) as HostsFor<"replace">
}

const count = z.int().min(0).max(1_000)

const localSchema = z.union([
  z.strictObject({ machines: count }),
  z.strictObject({ count, boot: z.literal(["systemd", "process"]).optional() }),
])

const powers = { "": 0, b: 0, k: 1, m: 2, g: 3, t: 4 } as const

/** As `docker run --memory` takes it: powers of 1024. */
const memory = z
  .string()
  .regex(/^\d+[bkmgt]?$/i, 'a number and k, m or g, such as "512m"')
  .transform(
    (text) => Number.parseInt(text, 10) * 1024 ** powers[text.replace(/\d/g, "").toLowerCase() as keyof typeof powers],
  )
  .refine((bytes) => bytes >= 6 * 1024 ** 2, 'a container needs 6 megabytes at least, such as "64m"')

const dockerSchema = z.strictObject({
  count,
  context: z.string().min(1).optional(),
  memory: memory.optional(),
  cpus: z.number().positive().max(4096).optional(),
  labels: z
    .record(
      z.string().regex(/^(?!fireclay\.)[\w./-]+$/, "labels that begin with fireclay. are Fireclay's own"),
      z.string(),
    )
    .optional(),
  network: name.optional(),
})
