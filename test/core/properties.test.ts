import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Resource } from "../../src/contract/index.ts"
import { readMachineState } from "../../src/core/machine-state.ts"
import { undoTransaction } from "../../src/core/transaction/transaction.ts"
import { directory, file, link } from "../../src/resources/index.ts"
import { applyOn, me, planOn } from "../support/apply.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"
import { listTree, plant, type Tree } from "../support/tree.ts"

let shell: ShellMachine

/** Few names, so that resources and what was there before meet; some of them awkward. */
const name = fc.constantFrom("a", "b", "c d", "it's", "-rf", "$(id)", "é✓")
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"))
const mode = fc.constantFrom(0o644, 0o600, 0o755, 0o4711, 0o2750, 0o1777)
const directoryMode = fc.constantFrom(0o755, 0o700, 0o751, 0o1777, 0o2750)
const content = fc.constantFrom("", "1", "two\nlines\n", "'quoted' $HOME `id`")

type Described =
  | { readonly kind: "file"; readonly path: string; readonly content: string; readonly mode: number }
  | { readonly kind: "directory"; readonly path: string; readonly mode: number; readonly purge: boolean }
  | { readonly kind: "link"; readonly path: string; readonly target: string }

const described: fc.Arbitrary<Described> = fc.oneof(
  fc.record({ kind: fc.constant("file" as const), path, content, mode }),
  fc.record({ kind: fc.constant("directory" as const), path, mode: directoryMode, purge: fc.boolean() }),
  fc.record({ kind: fc.constant("link" as const), path, target: fc.constantFrom("nowhere", "a", "../b") }),
)

/** A description that makes sense: one thing at a path, and nothing below what is no directory. */
const description = fc
  .array(described, { maxLength: 6 })
  .map((all) => all.filter(({ path: own }, index) => all.findIndex((other) => other.path === own) === index))
  .map((all) =>
    all.filter(({ path: own }) => !all.some((other) => other.kind !== "directory" && own.startsWith(`${other.path}/`))),
  )

const toResource = (root: string, what: Described): Resource => {
  const place = `${root}/${what.path}`
  if (what.kind === "link") return link(place, { target: what.target })
  return what.kind === "file"
    ? file(place, { content: what.content, mode: what.mode, ...me })
    : directory(place, { mode: what.mode, purge: what.purge, ...me })
}

const resourcesOf = (all: readonly Described[]): readonly Resource[] => all.map((what) => toResource(shell.root, what))

/** What lies there before Fireclay comes: nothing, or things in the way. */
const earlier: fc.Arbitrary<Tree> = fc
  .array(
    fc.tuple(
      path,
      fc.oneof(
        fc.constant(null),
        fc.record({ mode: directoryMode }),
        fc.record({ mode, content }),
        fc.constantFrom("-> nowhere", "-> a", "-> ../b"),
      ),
    ),
    { maxLength: 6 },
  )
  .map((entries) => {
    const tree = new Map<string, Tree[string]>()
    for (const [place, what] of entries) {
      const parts = place.split("/")
      const above = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"))
      const isDirectory = (at: string): boolean => {
        const found = tree.get(at)
        return found === null || (typeof found === "object" && found.content === undefined)
      }
      if (tree.has(place) || above.some((at) => tree.has(at) && !isDirectory(at))) continue
      for (const at of above) if (!tree.has(at)) tree.set(at, null)
      tree.set(place, what)
    }
    return Object.fromEntries(tree)
  })

/** Nobody's directory stands where a file or link should be, and nothing else where a directory is needed: that is refused. */
const fits = (tree: Tree, all: readonly Described[]): boolean =>
  all.every(({ kind, path: own }) =>
    Object.entries(tree).every(([place, what]) => {
      const isDirectory = what === null || (typeof what === "object" && what.content === undefined)
      if (own === place) return kind === "directory" || !isDirectory
      return !own.startsWith(`${place}/`) || isDirectory
    }),
  )

/** What comes below a link that goes is refused: it would have been looked at through the link. */
const keepsWays = (first: readonly Described[], second: readonly Described[]): boolean =>
  first
    .filter(
      ({ kind, path: link }) =>
        kind === "link" && !second.some(({ kind: now, path: at }) => now === "link" && at === link),
    )
    .every(({ path: link }) => !second.some(({ path: at }) => at.startsWith(`${link}/`)))

/** Each try on a machine that nothing was ever done to. */
const holds = (
  numRuns: number,
  before: fc.Arbitrary<Tree>,
  property: (first: readonly Described[], second: readonly Described[]) => Promise<void>,
): Promise<void> =>
  fc.assert(
    fc.asyncProperty(before, description, description, async (tree, first, second) => {
      fc.pre(fits(tree, first) && fits(tree, second) && keepsWays(first, second))
      shell = await openShellMachine("web-1")
      try {
        await plant(shell.root, tree)
        await property(first, second)
      } finally {
        await shell.dispose()
      }
    }),
    { numRuns: Number(process.env.FIRECLAY_PROPERTY_RUNS ?? numRuns) },
  )

const undoLast = async (): Promise<void> => {
  const { state } = await readMachineState(shell.machine)
  await undoTransaction(shell.machine, state?.transaction ?? "")
}

describe("for any description and any machine", { timeout: 3_600_000 }, () => {
  it("there is nothing left to plan after it was applied", () =>
    holds(15, earlier, async (first, second) => {
      for (const [index, what] of [first, second].entries()) {
        await applyOn(shell.machine, resourcesOf(what), index + 1)
        const { steps, differences } = await planOn(shell.machine, resourcesOf(what))
        expect([steps, differences]).toEqual([[], []])
      }
    }))

  it("undoing gives back the tree that was there, to the nanosecond", () =>
    holds(8, earlier, async (first, second) => {
      const before = await listTree(shell.root)
      await applyOn(shell.machine, resourcesOf(first))
      await undoLast()
      expect(await listTree(shell.root)).toEqual(before)
      await applyOn(shell.machine, resourcesOf(first))
      const between = await listTree(shell.root)
      await applyOn(shell.machine, resourcesOf(second), 2)
      await undoLast()
      expect(await listTree(shell.root)).toEqual(between)
      const { state } = await readMachineState(shell.machine)
      expect(state?.release).toBe(1)
    }))

  it("the way back over another release leads to the same tree, where all of it is Fireclay's", () =>
    holds(8, fc.constant({}), async (first, second) => {
      await applyOn(shell.machine, resourcesOf(first))
      const before = await listTree(shell.root, { times: false })
      await applyOn(shell.machine, resourcesOf(second), 2)
      await applyOn(shell.machine, resourcesOf(first), 3)
      expect(await listTree(shell.root, { times: false })).toEqual(before)
      await applyOn(shell.machine, [], 4)
      expect(await listTree(shell.root, { times: false })).toHaveLength(1)
    }))
})
