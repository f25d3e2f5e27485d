import {
  type DebianBase,
  FireclayError,
  type ImageBase,
  type RootfsBase,
  type Spec,
  type SpecBase,
} from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { debianSchema, imageSchema, rootfsSchema } from "./base-schema.ts"
import { deepFreeze } from "./freeze.ts"

export interface DebianOptions {
  /** Packages beyond what a machine needs to boot. */
  readonly include?: readonly string[]
  /**
   * Where packages come from, in the form of `sources.list(5)`, on the computer that builds as on every machine of this
   * base. `{suite}` and `{snapshot}` are filled in. Default: the sources of the computer that builds.
   */
  readonly sources?: readonly string[]
  /** The day whose packages are meant, as the snapshot service among the sources names it. */
  readonly snapshot?: string
}

/**
 * A Debian release to start from, by its code name.
 *
 * @example
 * debian("bookworm", {
 *   snapshot: "20261101T000000Z",
 *   sources: ["deb [check-valid-until=no] https://snapshot.example.org/debian/{snapshot} {suite} main"],
 * })
 */
export const debian = (suite: string, options: DebianOptions = {}): DebianBase =>
  deepFreeze(
    check(debianSchema, { distribution: "debian", suite, include: [], ...options }, `debian("${suite}")`) as DebianBase,
  )

/**
 * An image from a registry to start from. A tag is looked up once, and kept in `fireclay.lock`: `build --update` moves it.
 *
 * @example
 * spec("web", { base: image("registry.example.com/base/debian:12"), resources: [] })
 */
export const image = (reference: string): ImageBase =>
  deepFreeze(check(imageSchema, { image: reference }, `image(${JSON.stringify(reference)})`))

/**
 * An archive of a root file system to start from: tar, plain or compressed by gzip or zstd. A release knows it by its
 * digest. The path is relative to the configuration.
 */
export const rootfs = (path: string): RootfsBase =>
  deepFreeze(check(rootfsSchema, { rootfs: path }, `rootfs(${JSON.stringify(path)})`))

/**
 * The image of another spec to start from. In place, local machines start from that image, and what the other spec says
 * holds for them as well.
 *
 * @example
 * const platform = spec("platform", { resources: [] })
 * spec("shop", { base: from(platform), resources: [] })
 */
export const from = (spec: Spec): SpecBase => {
  if (typeof spec !== "object" || spec === null || !("resources" in spec))
    throw new FireclayError("FC_SPEC_VALUE", "from(…) takes a spec", { at: "from" })
  if (typeof spec.resources === "function")
    throw new FireclayError("FC_FLEET_DELIVERY", `the resources of ${spec.name} depend on the machine`, {
      at: `from(${spec.name})`,
      remedy: "an image is the same for all: give it a plain list",
    })
  return deepFreeze({ from: spec })
}
