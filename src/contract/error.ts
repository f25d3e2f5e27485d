/** What a failure knows about itself: a code, where it is, what to do, and what caused it. */
export interface FireclayErrorOptions {
  /** Where: a path into the configuration (`fleets.web.on.hosts[1]`), a machine, a file. */
  readonly at?: string
  /** What the reader can do now: a command or a sentence. */
  readonly remedy?: string
  /** Further lines, for example the last lines of a log. */
  readonly details?: readonly string[]
  readonly cause?: unknown
}

/**
 * The one error that users see. Its `code` never changes once published and names a page in `docs/errors`.
 *
 * @example
 * throw new FireclayError("FC_SPEC_PORT", "port 70000 is out of range", { at: "specs.hello.port", remedy: "use 1 to 65535" })
 */
export class FireclayError extends Error {
  override readonly name = "FireclayError"
  readonly code: ErrorCode
  readonly at: string | undefined
  readonly remedy: string | undefined
  readonly details: readonly string[]

  constructor(code: ErrorCode, message: string, options: FireclayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.at = options.at
    this.remedy = options.remedy
    this.details = options.details ?? []
  }

  /** As part of an answer; of a plain error JSON would keep all but the message. */
  toJSON(): object {
    const { code, message, at, remedy, details } = this
    return { code, message, at, remedy, details }
  }
}

/** True for a Fireclay error, also one that another copy of this package made. */
export const isFireclayError = (error: unknown): error is FireclayError =>
  error instanceof Error && error.name === "FireclayError" && "code" in error

/** Every code, with one line on what it means. A test holds each against a page in `docs/errors`. */
export const errorCodes = {
  FC_CONFIG_NOT_FOUND: "no fireclay.config file here or above",
  FC_CONFIG_LOAD: "the configuration file could not be loaded",
  FC_CONFIG_EXISTS: "init would overwrite a configuration",
  FC_SPEC_UNKNOWN_KEY: "a key that is not part of the configuration",
  FC_SPEC_VALUE: "a value of the wrong kind or form",
  FC_SPEC_DURATION: "a duration that cannot be read",
  FC_SPEC_PORT: "a port outside 1 to 65535",
  FC_SPEC_PATH: "a path on a machine that is not absolute",
  FC_SPEC_DUPLICATE: "two resources of one spec describe the same thing",
  FC_SPEC_PURGE: "a purge of a directory that belongs to the system",
  FC_SPEC_SOURCE: "a source file that is not there",
  FC_PROCFILE: "a Procfile that cannot be read, or says what cannot be done",
  FC_RELEASE_TASK: "what runs once before a release serves has failed",
  FC_SPEC_TEMPLATE: "a template that uses an unknown variable",
  FC_PROJECT_PORT_TAKEN: "two routers are to listen on one port",
  FC_STRATEGY_DELIVERY: "a strategy that this delivery cannot do",
  FC_FLEET_DELIVERY: "a delivery that these machines cannot do",
  FC_ONE_PROCESS: "a spec needs more than the one program that an instance runs",
  FC_FLEET_UNKNOWN: "no fleet of that name",
  FC_TARGET_UNKNOWN: "a limited run names a machine, a resource or a tag that is not there",
  FC_TARGET_DELIVERY: "a run by replacement cannot be limited",
  FC_SCALE: "a fleet of which there cannot be more or fewer instances now",
  FC_RELEASE_UNKNOWN: "no release of that number",
  FC_RELEASE_MACHINE: "a release has no list of resources for a machine",
  FC_USAGE: "a command was called in a way it does not understand",
  FC_CONFIRM: "a question could not be asked, because there is no terminal",
  FC_CANCELLED: "the user said no or pressed Ctrl-C",
  FC_MISSING_TOOL: "a program that this command needs is not installed",
  FC_NOT_ROOT: "local machines need root",
  FC_MACHINE_UNREACHABLE: "a machine did not answer",
  FC_MACHINE_COMMAND: "a command on a machine ended with an error",
  FC_MACHINE_LOCKED: "another run is changing this machine",
  FC_MACHINE_BROKEN: "an undo could not be finished on a machine",
  FC_MACHINE_FOREIGN: "the machine is managed by another fleet",
  FC_HOST_KEY: "the host key of a machine is unknown or has changed",
  FC_INVENTORY: "hosts could not be read from where they are listed",
  FC_SUDO: "an account could not become root with sudo",
  FC_OBSERVE: "a machine answered a question in a way that could not be read",
  FC_PACKAGE_UNKNOWN: "a package or a version of it that no source offers",
  FC_PACKAGE_HELD: "a package that would change is held",
  FC_PACKAGE_REFUSED: "the package manager cannot do what was asked",
  FC_PATCH: "a fleet that cannot be patched as it is",
  FC_PATCH_CLOSED: "a patch outside of its fleet's window, or one that does not fit what is left of it",
  FC_REBOOT: "a machine did not come back after it was started anew",
  FC_PACKAGES_LOCKED: "someone else holds the package manager's lock",
  FC_PATCH_WINDOW: "a window for patches that cannot be read",
  FC_PATCH_UNSUPPORTED: "a machine that Fireclay cannot patch",
  FC_IRREVERSIBLE: "steps that cannot be undone were not allowed",
  FC_PLAN_STALE: "the machine changed after the plan was made",
  FC_PLAN_FILE: "a file that is no plan which could be applied here",
  FC_LINE: "a file of which no line can be changed",
  FC_PURGE: "something below a purged directory is not to be removed",
  FC_NO_SPACE: "a machine has no room for what a plan would put there",
  FC_READ_ONLY: "a plan would write to a file system that takes no writes",
  FC_NO_PERMISSION: "the account on a machine may not write where a plan would",
  FC_OWNER_UNKNOWN: "something is given to a user or group that does not exist",
  FC_PATH_CONFLICT: "a file and a directory would stand in each other's way",
  FC_COMPARE: "a comparison could not be carried through",
  FC_CLOCK: "the clock of a machine is far off",
  FC_STEP_FAILED: "a step of a plan failed on a machine",
  FC_UNCONFIRMED: "a change was undone because nobody could confirm it",
  FC_UNHEALTHY: "a machine did not become healthy in time",
  FC_BAKE_FAILED: "an image could not be baked",
  FC_BASE_FAILED: "a base could not be made",
  FC_ADOPT: "what drifted could not be written into the configuration so that it says what the machine is",
  FC_EVIDENCE: "what was written on an instance could not be kept before it goes",
  FC_VERIFY: "two things that cannot be compared",
  FC_LOCK_FILE: "the lock of versions cannot be read",
  FC_LOCK_STALE: "what the lock names can no longer be had",
  FC_IMAGE_UNKNOWN: "no image of that digest",
  FC_IMAGE_DIGEST: "an image or an archive is not what its digest says",
  FC_IMAGE_UNSAFE: "an archive that would write outside of its root, or cannot be read",
  FC_IMAGE_UNFIT: "an image from elsewhere that nothing can be built on here",
  FC_IMAGE_UNSIGNED: "an image without a signature, where one is asked for",
  FC_IMAGE_SIGNATURE: "an image that was not signed by the key that is asked for",
  FC_KEY: "a key that cannot be used",
  FC_REGISTRY: "a registry did not do what it was asked",
  FC_REGISTRY_AUTH: "a registry lets nobody in with the credentials that there are",
  FC_INSTANCE_START: "an instance did not start",
  FC_DOCKER_CONTEXT: "no Docker context of that name, or one that cannot be read",
  FC_DOCKER_UNREACHABLE: "no Docker daemon answers",
  FC_DOCKER_REFUSED: "the Docker daemon refused what it was asked to do",
  FC_NETWORK: "the machines' network could not be set up",
  FC_ROUTER: "the router did not do what it was told",
  FC_LEASE_HELD: "another controller is working on this fleet",
  FC_LEASE_LOST: "another controller took over this fleet meanwhile",
  FC_FENCED: "a machine refuses a controller that another one has taken over from",
  FC_ROLLOUT_FAILED: "a rollout failed, and so did taking it back",
  FC_ROLLOUT_PARTIAL: "a rollout left the machines of a fleet at different releases",
  FC_ROLLOUT_ABORTED: "somebody told a rollout to go no further",
  FC_ROLLOUT_YIELDED: "another run took over a rollout",
  FC_ROLLOUT_NONE: "no rollout is under way to which something could be said, or there never was one",
  FC_GATE: "what a new release had to prove with a part of the requests was not so",
  FC_NO_PROGRESS: "a rollout got no further for too long",
  FC_ROLLOUT_REVERTED: "a rollout failed and everything it touched was taken back",
  FC_NO_ROLLBACK: "there is no earlier release to go back to",
  FC_SECRET_MISSING: "a secret that is needed cannot be had",
  FC_SECRET_FILE: "a file of secrets could not be opened",
  FC_SECRET_BAKED: "a secret would become part of an image",
  FC_VOLUME_EXCLUSIVE: "a rollout would give a volume to two instances, and only one may hold it",
  FC_VOLUME_IN_USE: "a volume is held by an instance",
  FC_VOLUME_PROTECTED: "a volume is protected",
  FC_VOLUME_UNKNOWN: "no volume of that name",
  FC_STORE: "the project's state could not be read or written",
  FC_STORE_EDITED: "the event log was edited",
} as const

export type ErrorCode = keyof typeof errorCodes
