import {
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
 * @throws FireclayError FC_ONE_PROCESS where it needs more than they can do
 */
export const runningOf = (fleet: Fleet, manifest: Manifest): Running => {
  refuseMore(fleet, manifest)
  const { on } = fleet
  if (on.kind !== "docker") return {}
  const { memoryBytes, cpus, labels, network } = on
  return {
    ...(manifest.run === undefined ? {} : { process: manifest.run }),
    limits: { ...(memoryBytes === undefined ? {} : { memoryBytes }), ...(cpus === undefined ? {} : { cpus }) },
    ...(labels === undefined ? {} : { labels }),
    ...(network === undefined ? {} : { network }),
  }
}

/**
 * A container is one program: the release must not need another, for nothing would start it.
 *
 * @throws FireclayError FC_ONE_PROCESS
 */
export const refuseMore = ({ on, name }: Fleet, manifest: Manifest): void => {
  if (on.kind !== "docker") return
  const more = moreThanRun(manifest)
  if (manifest.run !== undefined && more.length === 0) return
  throw new FireclayError(
    "FC_ONE_PROCESS",
    manifest.run === undefined
      ? `a container runs the program of run, and ${manifest.spec} has none`
      : `a container runs one program, and ${manifest.spec} needs ${more.join(", ")} besides its own`,
    {
      at: `fleets.${name}.on`,
      remedy:
        "deliver it with local({ count: … }), where systemd starts them, or split it: a spec and a fleet for each program",
    },
  )
}

/** Services and timers besides the unit of the program itself. */
const moreThanRun = ({ resources, run, task }: Manifest): readonly string[] => {
  const services = resources
    .filter(({ type }) => type === "service")
    .map(({ want }) => String((want as { readonly unit?: unknown }).unit))
    .filter((unit) => unit !== run?.unit)
  return task === undefined ? services : [...services, task.unit]
}
