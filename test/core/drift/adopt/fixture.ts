import type { PathState } from "../../../../src/contract/index.ts"
import type { AdoptedCall, Adoption, Seen, SeenPath } from "../../../../src/core/drift/adopt/adoption.ts"
import type { Finding } from "../../../../src/core/drift/judge.ts"
import type { ResourceDifference } from "../../../../src/core/plan/types.ts"

export const differs = (id: string, ...changes: readonly (readonly [string, string | null])[]): ResourceDifference => ({
  ...{ id, action: "change", cause: "drift", steps: [], creates: false },
  changes: changes.map(([property, from]) => ({ property, from, to: "as described", cause: "drift" })),
})

export const found = (kind: Finding["kind"], what: string, more: Partial<Finding> = {}): Finding => ({
  ...{ kind, what, change: "added", details: [] },
  ...more,
})

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

export const path = (state: Partial<PathState> = {}, text?: string): SeenPath => ({
  ...{ kind: "file", mode: 0o644, owner: "root", group: "root", size: 1 },
  ...state,
  ...(text === undefined ? {} : { bytes: bytes(text) }),
})

export const seen = (given: Partial<Seen> = {}): Seen => ({
  ...{ paths: new Map(), large: new Set(), users: new Map(), groups: new Map(), packages: new Map(), units: new Map() },
  ...given,
})

export const at = (name: string, state: SeenPath): Partial<Seen> => ({ paths: new Map([[name, state]]) })

/** Calls as they would stand there, with the text that a file is to have. */
const shown = ({ construct, name, options, bytes: content }: AdoptedCall): string =>
  [
    `${construct} ${name}`,
    ...(Object.keys(options).length === 0 ? [] : [JSON.stringify(options)]),
    ...(content === undefined ? [] : [Buffer.from(content).toString()]),
  ].join(" ")

export const told = ({ add, change, remove, refused }: Adoption) => [
  ...add.map((call) => `+ ${shown(call)}`),
  ...change.map((call) => `~ ${shown(call)}`),
  ...remove.map(({ id }) => `- ${id}`),
  ...refused.map(({ what, why }) => `! ${what}: ${why}`),
]

export const eve = {
  name: "eve",
  uid: 998,
  group: "eve",
  comment: "",
  home: "/srv/eve",
  shell: "/usr/sbin/nologin",
  groups: [],
}
