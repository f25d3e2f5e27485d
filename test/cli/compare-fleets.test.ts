import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import type { Context } from "../../src/cli/command.ts"
import { compareFleets } from "../../src/cli/commands/compare-fleets.ts"
import type { Json } from "../../src/contract/index.ts"
import type { Redactor } from "../../src/core/index.ts"
import { defineProject, fleet, inPlace, rolling, spec, ssh } from "../../src/index.ts"
import { sqliteStore } from "../../src/stores/index.ts"
import { caught } from "../support/catch.ts"

const directory = mkdtempSync(join(tmpdir(), "fireclay-compare-fleets-"))

// A configuration that is a file is loaded by a process of its own only.
vi.mock("../../src/cli/config.ts", async (importOriginal) => ({
  ...(await importOriginal<object>()),
  loadConfig: async () => ({ project: projectOf(), file: "", directory }),
}))

const projectOf = () => {
  const empty = fleet(spec("web", { resources: [] }), {
    on: ssh({ hosts: ["a"] }),
    by: inPlace({ strategy: rolling() }),
  })
  return defineProject({ name: "p", fleets: { pets: empty, idle: empty } })
}

beforeAll(async () => {
  const store = sqliteStore({ directory: join(directory, ".fireclay") })
  for (const [fleet, delivery] of [
    ["pets", "in-place"],
    ["cattle", "replace"],
  ] as const) {
    const say = (kind: string, body: { readonly [name: string]: Json }) => store.append([{ fleet, kind, body }])
    for (const to of [1, 2]) {
      const fixed = { rollout: `${fleet}${to}`, from: to === 1 ? null : 1, to }
      await say("rollout.started", { ...fixed, delivery, strategy: "rolling" })
      await say("rollout.finished", { ...fixed, seconds: 61, versions: { [`${fleet}-1`]: to } })
    }
  }
  await store.append([{ fleet: "pets", kind: "drift.seen", body: { machine: "pets-1", kind: "program", what: "/x" } }])
  await store.close()
})
afterAll(() => rmSync(directory, { recursive: true }))

const contextOf = () => {
  const said: string[] = []
  const answers: object[] = []
  const output = {
    ...{ json: false, interactive: false, item: () => undefined, document: () => undefined, note: () => undefined },
    print: (text: string) => said.push(text),
    answer: (document: object) => answers.push(document),
    paint: (_style: unknown, text: string) => text,
  }
  const context: Context = {
    options: { json: false, color: "never", directory },
    output,
    signal: new AbortController().signal,
    redactor: { redact: (text: string) => text } as Redactor,
  }
  return { context, said, answers }
}

const compare = async (fleets: string, words: readonly string[] = [], out?: string) => {
  const { context, said, answers } = contextOf()
  const exitCode = await compareFleets(
    context,
    { ...context.options, fleets, ...(out === undefined ? {} : { out }) },
    ...words,
  )
  return { exitCode, text: said.join("\n"), document: answers[0] as { readonly [name: string]: unknown } }
}

describe("compare --fleets", () => {
  it("shows fleets side by side, also one that has left the configuration", async () => {
    const { exitCode, text, document } = await compare("pets, cattle")
    expect(exitCode).toBe(0)
    expect(text).toMatch(/^pets {2}in place, since .*; 1 machine now, 0.0 machine months; looked for drift on 1 day\n/)
    expect(text).toMatch(/^cattle {2}by replacement, .*; nobody looked for drift, as far as the log knows$/m)
    expect(text).toMatch(/^rollouts( +2 \(1 first, 1 to another release\)){2}$/m)
    expect(text).toMatch(/^update +1 min 1 s \(once\) +1 min 1 s \(once\) +too few to tell$/m)
    expect(text).toMatch(/^drift, what became of it +1 thing: 1 seen +–$/m)
    expect(text).toContain("pets: stay with what it is\n  2 rollouts of pets came to an end.\n")
    expect(text).toContain("▸ Fewer than 5 rollouts")
    expect(document).toMatchObject({
      project: "p",
      fleets: [{ fleet: "pets" }, { fleet: "cattle" }],
      recommendations: [{ fleet: "pets", choice: "either" }, { fleet: "cattle" }],
    })
  })

  it("writes a page, for its owner only", async () => {
    await compare("pets,cattle", [], "lives.html")
    const path = join(directory, "lives.html")
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readFileSync(path, "utf8")).toContain("<h1>pets, cattle, compared by what they have lived through</h1>")
  })

  it("refuses what belongs to a comparison that measures", async () => {
    const options: object = { fleets: "pets,cattle", json: true, color: "never", rate: "300" }
    expect(await caught(() => compareFleets(contextOf().context, options))).toMatchObject({
      code: "FC_USAGE",
      message: "--fleets compares what was lived through: it takes no --rate",
    })
  })

  it.each([
    ["one fleet", "pets", [], "FC_USAGE", "name two fleets or more: fireclay compare --fleets pets,cattle"],
    ["one fleet twice", "pets,pets", [], "FC_USAGE", "name two fleets or more: fireclay compare --fleets pets,cattle"],
    ["none", "", [], "FC_USAGE", "name two fleets or more: fireclay compare --fleets pets,cattle"],
    ["a spec as well", "pets,cattle", ["web"], "FC_USAGE", "fireclay compare --fleets pets,cattle"],
    ["a fleet that nobody knows", "pets,catle", [], "FC_FLEET_UNKNOWN", 'did you mean "cattle"?'],
    ["one to which nothing was rolled out", "pets,idle", [], "FC_ROLLOUT_NONE", "fireclay apply idle"],
  ] as const)("refuses %s", async (_, fleets, words, code, remedy) => {
    const error = await caught(() => compare(fleets, words))
    expect([error.code, error.remedy]).toEqual([code, remedy])
  })
})
