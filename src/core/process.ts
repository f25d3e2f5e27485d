import {
  type Engine,
  FireclayError,
  type Fleet,
  type InstanceWant,
  type ProcessWant,
  type Spec,
  splitEnvironment,
} from "../contract/index.ts"
import type { Manifest } from "./release.ts"
import { secretsPathOf, unitName } from "./run-unit.ts"
import { instanceEnvironmentPath, startPathOf } from "./start-files.ts"

/** What an instance runs and what it may use. */
type Running = Pick<InstanceWant, "process" | "limits" | "labels" | "network">

/** The program of a spec, for its release: what an instance starts where no systemd boots. */
export const programOf = (spec: Spec): { readonly run?: ProcessWant } => {
  if (spec.run === undefined) return {}
  const { command, user, directory, environment } = spec.run
  const { plain, secrets } = splitEnvironment(environment)
  const secretFiles = Object.keys(secrets).length === 0 ? [] : [startPathOf(secretsPathOf(spec))]
  return {
    run: {
      command,
      ...(user === undefined ? {} : { user }),
      ...(directory === undefined ? {} : { directory }),
      environment: plain,
      environmentFiles: [instanceEnvironmentPath, ...secretFiles],
      unit: unitName(spec),
    },
  }
}

/**
 * How instances of a release run on a fleet's engine.
 *
 * @param units what systemd would start on them besides what every machine has, as far as their image says
 * @throws FireclayError FC_ONE_PROCESS where it needs more than they can do
 */
export const runningOf = (fleet: Fleet, manifest: Manifest, units: readonly string[] = []): Running => {
  refuseMore(fleet, manifest)
  const { on } = fleet
  const { run } = manifest
  const process = run === undefined ? {} : { process: run }
  if (on.kind === "local") return bootsSystemd(on, manifest, units) ? {} : process
  if (on.kind !== "docker") return {}
  const { memoryBytes, cpus, labels, network } = on
  return {
    ...process,
    limits: { ...(memoryBytes === undefined ? {} : { memoryBytes }), ...(cpus === undefined ? {} : { cpus }) },
    ...(labels === undefined ? {} : { labels }),
    ...(network === undefined ? {} : { network }),
  }
}

/** What {@link runningOf} has to know of an image on an engine. */
export const unitsOf = async (engine: Engine, { on }: Fleet, image: string): Promise<readonly string[]> =>
  on.kind === "local" ? ((await engine.unitsOf?.(image)) ?? []) : []

/** As it was said, or else whatever the release needs: what nobody described, such as a package's own service, counts too. */
const bootsSystemd = (
  on: Extract<Fleet["on"], { readonly kind: "local" }>,
  manifest: Manifest,
  units: readonly string[],
): boolean => {
  const boot = on.makes === "instances" ? on.boot : "systemd"
  if (boot !== undefined) return boot === "systemd"
  const { run } = manifest
  return run === undefined || moreThanRun(manifest).length > 0 || units.some((unit) => unit !== run.unit)
}

/**
 * A container is one program, and so is an instance that boots no systemd: the release must not need another, for nothing
 * would start it.
 *
 * @throws FireclayError FC_ONE_PROCESS
 */
export const refuseMore = ({ on, name }: Fleet, manifest: Manifest): void => {
  const only = onlyProgram(on)
  if (only === undefined) return
  const more = moreThanRun(manifest)
  if (manifest.run !== undefined && more.length === 0) return
  throw new FireclayError(
    "FC_ONE_PROCESS",
    manifest.run === undefined
      ? `${only.what} runs the program of run, and ${manifest.spec} has none`
      : `${only.what} runs one program, and ${manifest.spec} needs ${more.join(", ")} besides its own`,
    {
      at: `fleets.${name}.on${only.at}`,
      remedy: `${only.remedy}, where systemd starts them, or split it: a spec and a fleet for each program`,
    },
  )
}

const onlyProgram = (on: Fleet["on"]) => {
  if (on.kind === "docker") return { what: "a container", at: "", remedy: "deliver it with local({ count: … })" }
  if (on.kind !== "local" || on.makes !== "instances" || on.boot !== "process") return undefined
  return { what: "an instance without systemd", at: ".boot", remedy: 'leave boot out, or say boot: "systemd"' }
}

/** Services and timers besides the unit of the program itself. */
const moreThanRun = ({ resources, run, task }: Manifest): readonly string[] => {
  const services = resources
    .filter(({ type }) => type === "service")
    .map(({ want }) => String((want as { readonly unit?: unknown }).unit))
    .filter((unit) => unit !== run?.unit)
  return task === undefined ? services : [...services, task.unit]
}
