import type { Machine } from "./machine.ts"
import type { Base, Volume } from "./spec.ts"

export type Progress = (line: string) => void

/** What an image says about itself. The digest covers its content only. */
export interface Image {
  /** `sha256:` and 64 hexadecimal digits: digest of its OCI manifest. */
  readonly digest: string
  /** Bytes of all layers. */
  readonly size: number
}

/** An image as an engine keeps it. */
export interface StoredImage extends Image {
  /** The base first. Images share those that are the same. */
  readonly layers: readonly { readonly digest: string; readonly size: number }[]
  /** ISO 8601. */
  readonly createdAt: string
}

/** Looks at a layer, as a tar archive, and at the configuration of the image that it would make. */
export type Examine = (layer: AsyncIterable<Uint8Array>, config: string) => Promise<void>

/** A machine to bake in. */
export interface Scratch {
  readonly machine: Machine
  /**
   * Normalises what changed and keeps it as one layer over what the scratch machine started from.
   *
   * @param examine looks at what would be kept; when it throws, nothing is
   */
  readonly commit: (examine?: Examine) => Promise<Image>
  /** Throws it away. Safe to call after `commit`, and twice. */
  readonly discard: () => Promise<void>
}

/** Which of several makings of one base is meant. */
export interface BaseChoice {
  /** The one of this digest, if it can still be had. */
  readonly digest?: string | undefined
  /** A new one, with what its sources offer today. */
  readonly renew?: boolean | undefined
}

export interface InstanceWant {
  readonly name: string
  /**
   * An image's digest, or a base, of that digest if it is given: then the machine is writable and kept, for delivery in
   * place, as from an image if asked.
   */
  readonly from:
    | { readonly image: string; readonly writable?: true }
    | { readonly base: Base; readonly digest?: string }
  readonly fleet: string
  /** The release that the image is; absent for a machine that is converged in place. */
  readonly release?: number
  /** One that is exclusive and held by another instance that runs is an error: FC_VOLUME_IN_USE. */
  readonly volumes: readonly Volume[]
  /** Directories that stay writable on a read-only instance. */
  readonly scratch: readonly string[]
  /** Absent: none. */
  readonly startFiles?: StartFiles
  /** None of them is a secret: an engine may keep them, and give them again when it starts an instance by itself. */
  readonly plainStartFiles?: true
  /** The one program that it runs, without systemd. Absent: systemd boots, or, where the engine has none, nothing runs. */
  readonly process?: ProcessWant
  readonly limits?: Limits
  /** What an engine that has labels puts on it besides its own. */
  readonly labels?: { readonly [name: string]: string }
  /** A network that exists, by name, instead of the project's own. */
  readonly network?: string
}

/** A program as a spec's `run` describes it. It is started again when it ends, gets no new rights and a /tmp of its own. */
export interface ProcessWant {
  /** Program, by its whole path, and arguments. */
  readonly command: readonly string[]
  /** Default: root. */
  readonly user?: string
  readonly environment: { readonly [name: string]: string }
  /** Files in it with further variables, as `EnvironmentFile=` takes them; one that is not there has none. */
  readonly environmentFiles?: readonly string[]
  /** Working directory. Default: `/`. */
  readonly directory?: string
  /** The unit that it is where systemd boots. */
  readonly unit?: string
}

/** What an instance may use of the computer that it runs on. */
export interface Limits {
  readonly memoryBytes?: number
  /** Such as 0.5. */
  readonly cpus?: number
}

/**
 * Files that an instance finds below `/run/fireclay` before its first program starts, by their path there: for root only
 * (0600, directories 0700), and never on a disk, for they may hold secrets. The engine asks at each start.
 */
export type StartFiles = (self: Pick<Instance, "name" | "address">) => ReadonlyMap<string, Uint8Array>

/** Data that an engine keeps for a fleet, whether or not an instance has it. */
export interface EngineVolume {
  readonly fleet: string
  readonly name: string
  /** Where it lies on the engine's own machine. */
  readonly path: string
  /** Bytes; absent: the engine does not say. */
  readonly size?: number
  /** Instances that were made with it, running or not. */
  readonly usedBy: readonly string[]
}

export interface Instance {
  readonly name: string
  readonly fleet: string
  readonly release?: number
  readonly image?: string
  readonly address: string
  readonly running: boolean
  /** ISO 8601. */
  readonly createdAt: string
}

/** Something that an engine saw on an instance the moment it happened. */
export type Sighting =
  /** Somebody came in: who, by what, and which program it is that he has there. */
  | { readonly kind: "login session"; readonly who: string; readonly program: string }
  /** A file came or was changed that can be started. */
  | { readonly kind: "program"; readonly path: string; readonly mode: string }

/** One thing that an engine made and `destroy` will remove. */
export interface EngineItem {
  readonly kind:
    | "process"
    | "mount"
    | "link"
    | "namespace"
    | "rule"
    | "directory"
    | "container"
    | "network"
    | "volume"
    | "image"
  readonly name: string
}

/** What of an instance is to be kept aside before it goes, and where. */
export interface EvidenceWant {
  /** The instance, running or not. */
  readonly name: string
  /** Directory to make, for root only. */
  readonly place: string
  /** What is known already, as the text of a file that is kept with it: JSON. */
  readonly report: string
}

/** Makes machines. One engine serves one project; what it made it can list and remove. */
export interface Engine {
  readonly name: string
  /** Directory of the OCI layout in which its images are kept. Absent: none of them can leave. */
  readonly layout?: string
  /** Makes the base unless it is cached; answers its digest. */
  readonly ensureBase: (base: Base, progress?: Progress, choice?: BaseChoice) => Promise<string>
  /** A scratch machine over a base, of that digest if it is given, or over an image. Nothing of it is visible to instances. */
  readonly openScratch: (
    from: { readonly base: Base; readonly digest?: string } | { readonly image: string },
  ) => Promise<Scratch>
  readonly image: (digest: string) => Promise<Image | undefined>
  /** All that it keeps, those included that others were baked on. */
  readonly images: () => Promise<readonly StoredImage[]>
  /**
   * That an image which is kept here is what its digest says, in every form in which instances use it.
   *
   * @throws FireclayError FC_IMAGE_DIGEST, FC_IMAGE_UNKNOWN
   */
  readonly checkImage?: (digest: string) => Promise<void>
  /**
   * Units that systemd would start on an instance of the image besides what every machine has. Absent: instances boot no
   * systemd.
   */
  readonly unitsOf?: (digest: string) => Promise<readonly string[]>
  /** Removes it, and the layers that no other image has. One that an instance stands on: an error. */
  readonly removeImage: (digest: string) => Promise<void>
  /** Creates and starts; resolves when the machine answers. An existing one of that name is an error. */
  readonly create: (want: InstanceWant) => Promise<Instance>
  /** Starts one that stopped, for example after the controller's machine was rebooted. */
  readonly start: (name: string, startFiles?: StartFiles) => Promise<Instance>
  /** Asks what runs on it to end and gives it the time to: up to then it can be reached as before. */
  readonly stop: (name: string) => Promise<void>
  /**
   * Keeps what was written on an instance since its start in archives with owners, modes and attributes, and the report as
   * `report.json`. Volumes, and what it found at its start, are not in them. Absent: nothing can be kept.
   *
   * @returns digest of `SHA256SUMS`, which has a line for each file
   * @throws FireclayError FC_EVIDENCE
   */
  readonly keepEvidence?: (want: EvidenceWant) => Promise<string>
  /** Stops and removes; volumes stay. Nothing of that name: no error. */
  readonly remove: (name: string) => Promise<void>
  readonly list: () => Promise<readonly Instance[]>
  readonly machine: (name: string) => Machine
  /**
   * Tells what happens on an instance that nobody should do there, at once, until it stops or the signal comes. What it does
   * not see a later look finds. Absent: the engine cannot.
   */
  readonly watch?: (name: string, tell: (seen: Sighting) => void, signal: AbortSignal) => Promise<void>
  readonly volumes: () => Promise<readonly EngineVolume[]>
  /**
   * Removes its data. Nothing of that name: no error.
   * @throws FireclayError FC_VOLUME_IN_USE while an instance was made with it, running or not
   */
  readonly removeVolume: (volume: Pick<EngineVolume, "fleet" | "name">) => Promise<void>
  readonly inventory: () => Promise<readonly EngineItem[]>
  /** Removes everything that it made for the project, except volumes unless asked, and cached bases. */
  readonly destroy: (options: { readonly volumes: boolean }) => Promise<void>
}
