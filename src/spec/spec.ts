import { z } from "zod"
import {
  type Base,
  FireclayError,
  isSecret,
  type Procfile,
  type Resource,
  type ResourcesOf,
  type Run,
  type SecretReference,
  type Spec,
  type SpecBase,
  type UserData,
} from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { argv, duration, environment, machinePath, name, port, secretReference } from "../schema/fields.ts"
import { baseSchema } from "./base-schema.ts"
import type { DriftOptions } from "./drift.ts"
import { driftSchema } from "./drift-schema.ts"
import { inherited, refuseDuplicates } from "./duplicates.ts"
import { deepFreeze } from "./freeze.ts"

/** What to serve with. It becomes a systemd unit, hardened, and restarted when something it depends on changes. */
export type RunOptions = Run

export interface HealthOptions {
  readonly path: string
  /** Default: 200. */
  readonly status?: number | readonly number[]
  /** How long a machine may take to answer well, such as `"30s"`, the default. */
  readonly within?: string
  /** Good answers in a row that it takes. Default: 1. */
  readonly successes?: number
  /**
   * Bad answers in a row, a second apart, after which a member that was well counts as unhealthy, while a rollout watches
   * it. Default: it has the time of `within` to recover.
   */
  readonly failures?: number
}

export interface SpecOptions {
  /** What a machine or image starts from. Default: `debian("bookworm")`. */
  readonly base?: Base | SpecBase
  /**
   * In the order in which they are applied. A function is asked once for each machine, with what the machine says of
   * itself: in place only, and pure.
   *
   * @example
   * spec("web", { resources: (machine) => [file("/etc/workers", { content: `${machine.cpus}\n` })] })
   */
  readonly resources: readonly Resource[] | ResourcesOf
  readonly run?: RunOptions
  /** Further programs beside `run`, by name: each a unit of its own, `fireclay-SPEC-NAME`, restarted as `run` is. */
  readonly processes?: { readonly [name: string]: RunOptions }
  /**
   * What runs once in each rollout to another release, to its end: on the first machine or instance of the new release,
   * before any of them takes requests. Where it fails, the rollout leads back.
   *
   * @example
   * spec("shop", {
   *   resources: [],
   *   run: { command: ["/srv/shop/serve"], user: "shop" },
   *   processes: { worker: { command: ["/srv/shop/work"], user: "shop" } },
   *   release: { command: ["/srv/shop/migrate"], user: "shop", timeout: "5m" },
   * })
   */
  readonly release?: ReleaseTaskOptions
  /** See {@link procfile}. */
  readonly procfile?: Procfile
  /** Where it serves, on the machine. */
  readonly port?: number
  readonly health?: HealthOptions
  /**
   * Directories whose data outlives instances, by name: a path, or a path with more about it.
   *
   * @example
   * spec("shop", { resources: [], volumes: { data: { path: "/var/lib/shop", protect: true }, cache: "/var/cache/shop" } })
   */
  readonly volumes?: { readonly [name: string]: string | VolumeOptions }
  /**
   * For what only the instance can know, or should keep only in memory: files for root below `/run/fireclay`, there before
   * its first program starts. `{{ name }}`, `{{ fleet }}`, `{{ index }}` and `{{ address }}` are filled in, and by
   * replacement `{{ release }}` and `{{ image }}`. Not for servers that exist: those Fireclay does not start.
   *
   * @example
   * spec("worker", { resources: [], userData: { "node.json": '{ "id": "{{ name }}" }', "join-token": secret("JOIN") } })
   */
  readonly userData?: UserDataOptions
  /** What counts as drift and what does not, beyond what Fireclay thinks by itself. Changes nothing on a machine. */
  readonly drift?: DriftOptions
}

export interface ReleaseTaskOptions extends Pick<Run, "command" | "user" | "environment" | "directory" | "writable"> {
  /** How long it may take. Default: `"10m"`. */
  readonly timeout?: string
}

/** A text for one file, `/run/fireclay/user-data`; or several, by name, in a directory of that name. */
export type UserDataOptions = string | SecretReference | { readonly [name: string]: string | SecretReference }

export interface VolumeOptions {
  readonly path: string
  /**
   * `"exclusive"`: one instance at a time, as a database wants it; a rollout that would have two is refused. `"shared"`: any
   * number at the same time, which their program has to bear. In place each machine has a volume of its own, unless it is
   * shared. Default: `"exclusive"`.
   */
  readonly access?: "exclusive" | "shared"
  /**
   * Nothing removes it, also once this line or the fleet has left the configuration: only `fireclay volumes unprotect`
   * ends that.
   */
  readonly protect?: true
}

/**
 * Describes a server.
 *
 * @example
 * spec("hello", {
 *   resources: [pkg("python3-flask"), file("/srv/app/app.py", { source: "./app.py" })],
 *   run: { command: ["/usr/bin/python3", "/srv/app/app.py"] },
 *   port: 5000,
 *   health: { path: "/", within: "30s" },
 * })
 * @throws FireclayError FC_SPEC_…: what is wrong, where, and what to write instead
 */
export const spec = (specName: string, options: SpecOptions): Spec => {
  const at = `specs.${specName}`
  check(name, specName, `${at}.name`)
  const { volumes, userData, ...rest } = check(specSchema, options, at)
  const resources = rest.resources as SpecOptions["resources"]
  const below = inherited(rest.base)
  if (typeof resources !== "function") refuseDuplicates(resources, at, below)
  if (rest.health !== undefined && rest.port === undefined)
    throw new FireclayError("FC_SPEC_VALUE", "a health check needs a port to ask", {
      at: `${at}.health`,
      remedy: "add port",
    })
  if (rest.procfile !== undefined && rest.run !== undefined)
    throw new FireclayError("FC_SPEC_VALUE", "what runs is said twice: by run and by the Procfile", {
      at: `${at}.run`,
      remedy: "leave run out; the web line of the Procfile becomes it",
    })
  return deepFreeze({
    name: specName,
    ...rest,
    resources: typeof resources === "function" ? checkedList(resources, at, below) : resources,
    volumes: [
      ...("from" in rest.base ? rest.base.from.volumes.filter((volume) => !Object.hasOwn(volumes, volume.name)) : []),
      ...Object.entries(volumes).map(([volumeName, volume]) => ({ name: volumeName, ...volume })),
    ],
    ...(userData === undefined ? {} : { userData: toUserData(userData) }),
  } as Spec)
}

const toUserData = (given: UserDataOptions): UserData => {
  const content = (value: string | SecretReference): UserData[string] =>
    isSecret(value) ? { secret: { ...value } } : { text: value }
  if (typeof given === "string" || isSecret(given)) return { "user-data": content(given) }
  return Object.fromEntries(Object.entries(given).map(([file, value]) => [`user-data/${file}`, content(value)]))
}

/** What a function answers is held to the same as a list, whenever it is asked. */
const checkedList =
  (resourcesOf: ResourcesOf, at: string, below: ReadonlyMap<string, string>): ResourcesOf =>
  (machine) => {
    const place = `${at}.resources(${machine.name})`
    const answer: unknown = resourcesOf(deepFreeze(structuredClone(machine)))
    const list = check(z.array(resourceSchema), answer, place)
    refuseDuplicates(list, at, below, place)
    return deepFreeze(list)
  }

const resourceSchema = z.custom<Resource>(
  (value) => typeof value === "object" && value !== null && "type" in value && "id" in value && "want" in value,
  "not a resource: use file(…), pkg(…), user(…) … from fireclay/resources",
)

const runSchema = z.strictObject({
  command: argv.refine((words) => words[0]?.startsWith("/") ?? false, {
    error: "the program of run.command needs its whole path",
    params: { code: "FC_SPEC_PATH", remedy: "for example /usr/bin/python3" },
  }),
  user: name.optional(),
  environment: environment.optional(),
  directory: machinePath.optional(),
  restartOn: z.array(z.string()).optional(),
  writable: z.array(machinePath).optional(),
})

const releaseSchema = z
  .strictObject({
    command: argv.refine((words) => words[0]?.startsWith("/") ?? false, {
      error: "the program of release.command needs its whole path",
      params: { code: "FC_SPEC_PATH", remedy: "for example /usr/bin/python3" },
    }),
    user: name.optional(),
    environment: environment.optional(),
    directory: machinePath.optional(),
    writable: z.array(machinePath).optional(),
    timeout: duration.default(600_000),
  })
  .transform(({ timeout, ...rest }) => ({ ...rest, timeoutMs: timeout }))

/** It becomes a part of a unit's name; `release` is what runs once. */
const processName = z
  .string()
  .regex(
    /^(?!release$)[a-z][a-z0-9_-]{0,30}$/i,
    'a process has a name of letters, digits, - and _, other than "release"',
  )

const healthSchema = z.strictObject({
  path: z.string().regex(/^\/[^\s]*$/, "a health path starts with /"),
  status: z
    .union([z.number(), z.array(z.number())])
    .default(200)
    .transform((status) => [status].flat()),
  within: duration.default(30_000),
  successes: z.int().min(1).max(100).default(1),
  failures: z.int().min(1).max(1_000).optional(),
})

const userDataSchema = z.union([
  z.string(),
  secretReference,
  z.record(
    z.string().regex(/^(?!\.)[\w.-]{1,100}$/, "a file of user data has a name of letters, digits, - _ and ."),
    z.union([z.string(), secretReference]),
  ),
])

const specSchema = z.strictObject({
  base: baseSchema.default({ distribution: "debian", suite: "bookworm", include: [] }),
  resources: z.union([z.custom<ResourcesOf>((value) => typeof value === "function"), z.array(resourceSchema)]),
  run: runSchema.optional(),
  processes: z.record(processName, runSchema).optional(),
  release: releaseSchema.optional(),
  procfile: z.custom<Procfile>((value) => typeof value === "object" && value !== null && "ship" in value).optional(),
  port: port.optional(),
  health: healthSchema.transform(({ within, ...rest }) => ({ ...rest, withinMs: within })).optional(),
  volumes: z
    .record(
      name,
      z.union([
        machinePath.transform((path) => ({ path })),
        z
          .strictObject({
            path: machinePath,
            access: z.enum(["exclusive", "shared"]).optional(),
            protect: z.literal(true).optional(),
          })
          .transform(({ access, ...rest }) => (access === "shared" ? { ...rest, access } : rest)),
      ]),
    )
    .default({}),
  userData: userDataSchema.optional(),
  drift: driftSchema.optional(),
})
