import type { PathState, Step } from "../../src/contract/index.ts"
import type { Ground } from "../../src/core/eyes/ground.ts"
import type { Check, Outlook } from "../../src/core/foresee/outlook.ts"

export const root = { owner: "root", group: "root", mode: 0o644 }
export const state = (kind: PathState["kind"], size = 0): PathState => ({ kind, size, ...root })
export const disk = (id: string, freeBytes = 1e9, freeInodes: number | undefined = 1e6): Ground => ({
  isDirectory: true,
  isWritable: true,
  fileSystem: { id, blockBytes: 4096, freeBytes, freeInodes },
})

export const outlook = (steps: readonly Step[], given: Partial<Outlook> = {}): Outlook => ({
  machine: "web-1",
  steps,
  states: new Map(),
  grounds: new Map([["/", disk("root")]]),
  entries: new Map(),
  users: new Set(["root"]),
  groups: new Set(["root"]),
  text: () => undefined,
  isRoot: true,
  packageRoom: [],
  ...given,
})

/** `CODE message | remedy` of each error, then each note. */
export const found = (check: Check, steps: readonly Step[], given: Partial<Outlook> = {}): readonly string[] => {
  const { errors, notes } = check(outlook(steps, given))
  return [...errors.map(({ code, message, remedy }) => `${code} ${message} | ${remedy}`), ...notes]
}

export const content = (size = 1, sha256 = "a".repeat(64)) => ({ sha256, size })
export const file = (path: string, given: Partial<Step & { owner: string; group: string }> = {}, size = 1): Step =>
  ({ do: "write-file", path, content: content(size, `${path}`), ...root, ...given }) as Step
export const addUser = (name: string, given = {}): Step => ({ do: "add-user", name, system: true, ...given })
export const install: Step = { do: "install-packages", packages: [{ name: "nginx" }] }
export const unknown = (by: string, what: string, remedy: string, says = "which is not there") =>
  `FC_OWNER_UNKNOWN ${by} needs the ${what}, ${says} | ${remedy}`
