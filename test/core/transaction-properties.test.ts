import { mkdir, realpath, rm } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Resource } from "../../src/contract/index.ts"
import { isFireclayError } from "../../src/contract/index.ts"
import { undoTransaction } from "../../src/core/transaction/transaction.ts"
import { directory, file, link } from "../../src/resources/index.ts"
import { applyOn, me, planOn } from "../support/apply.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"
import { listTree, plant, type Tree } from "../support/tree.ts"
import { readHome } from "./transaction-fixture.ts"

let shell: ShellMachine

beforeAll(async () => {
  shell = await openShellMachine("web-1")
})
afterAll(() => shell.dispose())

/** What stands at a path, or should. */
type Thing =
  | { readonly kind: "file"; readonly content: string; readonly mode: number }
  | { readonly kind: "directory"; readonly mode: number }
  | { readonly kind: "link"; readonly target: string }

/** Things by path. Those below one that is no directory are left out when it is made. */
type Things = readonly (readonly [path: readonly string[], thing: Thing])[]

/** Any character but those that no name on a machine may hold here, and few names, so that paths meet. */
const name = fc
  .string({ unit: "binary", minLength: 1, maxLength: 12 })
  .filter((text) => !/[/\0\n]/.test(text) && text !== "." && text !== ".." && !text.startsWith(".fireclay-"))
const names = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("a", "b", 'it\'s "$(c)" \\') },
  { weight: 1, arbitrary: name },
)
const mode = fc.oneof(fc.constantFrom(0o644, 0o755, 0o4750, 0o2775, 0o1777, 0), fc.integer({ min: 0, max: 0o7777 }))

const thing: fc.Arbitrary<Thing> = fc.oneof(
  fc.record({ kind: fc.constant("file" as const), content: fc.string({ unit: "binary", maxLength: 40 }), mode }),
  fc.record({ kind: fc.constant("directory" as const), mode }),
  fc.record({
    kind: fc.constant("link" as const),
    target: fc.oneof(names, fc.constant("/nowhere"), fc.constant("..")),
  }),
)
const things: fc.Arbitrary<Things> = fc.uniqueArray(fc.tuple(fc.array(names, { minLength: 1, maxLength: 3 }), thing), {
  maxLength: 7,
  selector: ([path]) => path.join("/"),
})

/** Those that can stand there together: what others lie in is a directory. */
const consistent = (all: Things): Things => {
  const sorted = all.toSorted(([a], [b]) => a.length - b.length)
  const placed = new Map<string, Thing>()
  return sorted.filter(([path, { kind }]) => {
    const above = path.slice(0, -1).map((_, index) => path.slice(0, index + 1).join("/"))
    if (above.some((part) => (placed.get(part)?.kind ?? "directory") !== "directory")) return false
    placed.set(path.join("/"), { kind } as Thing)
    return true
  })
}

const toTree = (all: Things): Tree => {
  const entries = consistent(all).flatMap(([path, what]): [string, Tree[string]][] => [
    ...path.slice(0, -1).map((_, index): [string, Tree[string]] => [`${path.slice(0, index + 1).join("/")}/`, null]),
    [
      what.kind === "directory" ? `${path.join("/")}/` : path.join("/"),
      what.kind === "link"
        ? `-> ${what.target}`
        : what.kind === "file"
          ? { mode: what.mode, content: what.content }
          : { mode: what.mode },
    ],
  ])
  return Object.fromEntries(entries)
}

const toResources = (all: Things): readonly Resource[] =>
  consistent(all).map(([path, what]) => {
    const at = join(shell.root, ...path)
    if (what.kind === "link") return link(at, { target: what.target })
    if (what.kind === "directory") return directory(at, { mode: what.mode, ...me })
    return file(at, { content: what.content, mode: what.mode, ...me })
  })

const fresh = async (tree: Tree): Promise<void> => {
  await Promise.all([shell.root, shell.home].map((path) => rm(path, { recursive: true, force: true })))
  await mkdir(shell.root)
  await plant(shell.root, tree)
}

/** Brings the machine there, or not at all. Answers whether. */
const tryApply = async (resources: readonly Resource[], release: number): Promise<boolean> => {
  const before = await listTree(shell.root)
  try {
    await applyOn(shell.machine, resources, release)
    return true
  } catch (error) {
    if (!isFireclayError(error)) throw error
    expect(await listTree(shell.root)).toEqual(before)
    return false
  }
}

/** Two paths are one, behind a link that stood there: nothing can be at both what each of them should be. */
const haveOnePlace = async (all: Things): Promise<boolean> => {
  const paths = consistent(all).map(([path]) => join(shell.root, ...path))
  const places = await Promise.all(paths.map(async (path) => join(await realpath(dirname(path)), basename(path))))
  return new Set(places).size < places.length
}

describe("whatever stands on a machine, and whatever is described", () => {
  it("an apply leaves nothing to plan, and a rollback leaves what was there before; or nothing is done", async () => {
    let applied = 0
    await fc.assert(
      fc.asyncProperty(things, things, things, async (standing, first, second) => {
        await fresh(toTree(standing))
        await tryApply(toResources(first), 1)
        const before = await listTree(shell.root)
        if (!(await tryApply(toResources(second), 2)) || (await haveOnePlace(second))) return
        applied += 1
        expect((await planOn(shell.machine, toResources(second))).steps).toEqual([])
        const { transaction } = JSON.parse((await readHome(shell, "current.json")) ?? "{}") as { transaction: string }
        await undoTransaction(shell.machine, transaction)
        expect(await listTree(shell.root)).toEqual(before)
      }),
      { numRuns: 25, endOnFailure: true },
    )
    expect(applied).toBeGreaterThan(10)
  }, 300_000)
})
