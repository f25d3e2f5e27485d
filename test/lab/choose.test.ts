import { describe, expect, it } from "vitest"
import {
  allAtOnce,
  debian,
  defineProject,
  docker,
  fleet,
  inPlace,
  local,
  replace,
  rolling,
  spec,
} from "../../src/index.ts"
import { chooseSize, chooseSpec, chooseWays } from "../../src/lab/choose.ts"
import { caught } from "../support/catch.ts"

const app = spec("app", {
  base: debian("bookworm"),
  resources: [],
  run: { command: ["/bin/app"] },
  port: 80,
  health: { path: "/" },
})
const data = spec("data", { resources: [], port: 80, health: { path: "/" }, volumes: { db: "/data" } })
const quiet = spec("quiet", { resources: [] })

const project = defineProject({
  name: "shop",
  fleets: {
    pets: fleet(app, {
      on: local({ machines: 2 }),
      by: inPlace({ strategy: rolling({ batch: 2 }) }),
      listen: 1,
      hold: "9s",
    }),
    bases: fleet(data, { on: local({ machines: 1 }), by: inPlace({ strategy: allAtOnce() }), listen: 2 }),
    boxes: fleet(quiet, { on: local({ count: 1 }), by: replace({ strategy: allAtOnce() }) }),
  },
})
const alone = defineProject({
  name: "alone",
  fleets: { web: fleet(app, { on: docker({ count: 2 }), by: replace({ strategy: rolling() }), listen: 1 }) },
})

describe("which spec is compared", () => {
  it.each([
    ["app", "app"],
    ["pets", "app"],
    ["data", "data"],
  ])("%s", (word, name) => expect(chooseSpec(project, word).name).toBe(name))

  it("is the only one where none is named", () => expect(chooseSpec(alone, undefined).name).toBe("app"))

  it.each([
    ["none of several", undefined, "which spec?"],
    ["one that is not there", "ap", 'there is no spec "ap"'],
    ["one that nobody can ask", "quiet", "quiet has no port and health check: there is nothing to send requests to"],
  ])("refuses %s", async (_what, word, message) => {
    const error = await caught(() => chooseSpec(project, word))
    expect([error.code, error.message]).toEqual(["FC_USAGE", message])
  })
})

describe("how many machines", () => {
  it.each([
    [app, undefined, 3],
    [app, 5, 5],
    [data, undefined, 1],
    [data, 1, 1],
  ])("are as asked, or as many as make sense: %#", (of, asked, size) => expect(chooseSize(of, asked)).toBe(size))

  it("are never more than may have the data", async () => {
    const error = await caught(() => chooseSize(data, 2))
    expect([error.code, error.at]).toEqual(["FC_USAGE", "--size"])
  })
})

describe("which ways are compared", () => {
  const waysOf = (of: typeof project, name: string, options: Parameters<typeof chooseWays>[2] = {}) =>
    chooseWays(of, chooseSpec(of, name), options).map(({ name: way, engine, holdMs }) => [way, engine, holdMs])

  it("are as the project's own fleets are delivered, and as most would where it has none", () => {
    expect(waysOf(project, "app")).toEqual([
      ["in place, rolling", "local", 9000],
      ["by replacement, blue-green", "local", undefined],
    ])
    expect(chooseWays(project, app, {})[0]?.by.strategy.options).toMatchObject({ batch: 2 })
    expect(waysOf(alone, "app", { engine: "docker" })).toEqual([
      ["in place, rolling", "local", undefined],
      ["by replacement, rolling, on Docker", "docker", undefined],
    ])
  })

  it("leave requests time where there can only be one machine", () => {
    expect(waysOf(project, "data")).toEqual([
      ["in place, all-at-once", "local", 30_000],
      ["by replacement, all-at-once", "local", 30_000],
    ])
  })

  it("are those that are named, the same twice among them", () => {
    expect(waysOf(project, "app", { named: ["replace:canary", "in-place", "in-place"] }).map(([way]) => way)).toEqual([
      "by replacement, canary",
      "in place, rolling",
      "in place, rolling (2)",
    ])
  })

  it.each([
    ["one alone", { named: ["replace"] }, "one way cannot be compared"],
    ["one that is none", { named: ["replace:fast", "in-place"] }, 'there is no way "replace:fast"'],
    [
      "a strategy that the delivery cannot have",
      { named: ["in-place:blue-green", "replace"] },
      'there is no way "in-place:blue-green"',
    ],
    ["an engine that is none", { engine: "vm" }, 'there is no engine "vm"'],
  ])("refuses %s", async (_what, options, message) => {
    const error = await caught(() => chooseWays(project, app, options))
    expect([error.code, error.message]).toEqual(["FC_USAGE", message])
  })
})
