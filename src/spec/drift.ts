import type { IgnoreRule, WatchRule } from "../contract/index.ts"

export interface DriftOptions {
  /**
   * What is there without being described, and is no drift: by path, by kind, or by kind and name, as the report has them.
   * The report goes on counting it.
   *
   * @example
   * spec("web", {
   *   resources: [],
   *   drift: {
   *     ignore: [
   *       { path: "/etc/provider/**", reason: "the provider's agent writes it" },
   *       { kind: "kernel module", name: "nvidia*", reason: "until the new image has the driver", until: "2027-03-31" },
   *     ],
   *   },
   * })
   */
  readonly ignore?: readonly IgnoreRule[]
  /**
   * Paths that count although they are data, or vary by nature.
   *
   * @example
   * spec("web", { resources: [], drift: { watch: [{ path: "/srv/data/plugins/**", reason: "they run with our rights" }] } })
   */
  readonly watch?: readonly WatchRule[]
}
