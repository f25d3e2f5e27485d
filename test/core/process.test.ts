import { describe, expect, it } from "vitest"
import type { Fleet, SecretReference } from "../../src/contract/index.ts"
import { runningOf } from "../../src/core/process.ts"
import { bundle } from "../../src/core/release.ts"
import { service } from "../../src/resources/index.ts"
import { docker, fleet, local, replace, type SpecOptions, secret, spec } from "../../src/spec/index.ts"
import { blueGreen } from "../../src/strategies/public.ts"
import { nameFleet } from "../support/fleet.ts"

const run = { command: ["/usr/bin/web"], user: "web", directory: "/srv", environment: { A: "b" } } as const
const one: SpecOptions = { resources: [], run, port: 80 }

const released = async (options: SpecOptions) => (await bundle(spec("web", options), "/")).manifest
const on = (hosts: Parameters<typeof fleet<"replace">>[1]["on"], options: SpecOptions = one): Fleet =>
  nameFleet(fleet(spec("web", options), { on: hosts, by: replace({ strategy: blueGreen() }) }))

describe("the program of a release", () => {
  it("is what run says, with the files that its start brings", async () => {
    expect((await released(one)).run).toEqual({
      ...run,
      environmentFiles: ["/run/fireclay/instance.env"],
      unit: "fireclay-web.service",
    })
  })

  it("names its secrets' file and none of the secrets", async () => {
    const environment: { [name: string]: string | SecretReference } = { A: "b", TOKEN: secret("token") }
    const manifest = await released({ ...one, run: { ...run, environment } })
    expect(manifest.run).toMatchObject({
      environment: { A: "b" },
      environmentFiles: ["/run/fireclay/instance.env", "/run/fireclay/web.env"],
    })
  })
})

describe("an instance of a release", () => {
  it("is in a container its program, within the limits of its fleet", async () => {
    const hosts = docker({ count: 2, memory: "512m", cpus: 0.5, labels: { team: "shop" }, network: "front" })
    const { run: process, ...manifest } = await released(one)
    expect(runningOf(on(hosts), { ...manifest, ...(process === undefined ? {} : { run: process }) })).toEqual({
      process,
      limits: { memoryBytes: 512 * 1024 ** 2, cpus: 0.5 },
      labels: { team: "shop" },
      network: "front",
    })
  })

  it.each<readonly [string, Parameters<typeof local>[0] & { readonly count: number }, Partial<SpecOptions>, string[]]>([
    ["the spec needs nothing but run", { count: 1 }, {}, []],
    ["the image enables the unit of run only", { count: 1 }, {}, ["fireclay-web.service"]],
    ["the fleet says so, whatever a package enabled", { count: 1, boot: "process" }, {}, ["nginx.service"]],
  ])("is its program where the local engine makes it and %s", async (_, hosts, more, units) => {
    const manifest = await released({ ...one, ...more })
    expect(runningOf(on(local(hosts)), manifest, units)).toEqual({ process: manifest.run })
  })

  it.each<readonly [string, Parameters<typeof local>[0] & { readonly count: number }, Partial<SpecOptions>, string[]]>([
    ["the fleet says so", { count: 1, boot: "systemd" }, {}, []],
    ["a package brought a service", { count: 1 }, {}, ["fireclay-web.service", "nginx.service"]],
    ["the spec has a service", { count: 1 }, { resources: [service("cron.service", { enabled: true })] }, []],
    ["the spec has a further process", { count: 1 }, { processes: { worker: { command: ["/usr/bin/work"] } } }, []],
  ])("boots systemd where the local engine makes it and %s", async (_, hosts, more, units) => {
    const options = { ...one, ...more }
    expect(runningOf(on(local(hosts), options), await released(options), units)).toEqual({})
  })

  it("boots systemd where the release was made before releases knew their program", async () => {
    const { run: _, ...before } = await released(one)
    expect(runningOf(on(local({ count: 1 })), before)).toEqual({})
  })

  it.each<readonly [string, Partial<SpecOptions>, RegExp]>([
    ["a service", { resources: [service("cron.service", { enabled: true })] }, /cron\.service besides/],
    ["a timer", { resources: [service("tidy.timer", { enabled: true })] }, /tidy\.timer besides/],
    ["a further process", { processes: { worker: { command: ["/usr/bin/work"] } } }, /fireclay-web-worker\.service/],
    ["a task of each rollout", { release: { command: ["/usr/bin/migrate"] } }, /fireclay-web-release\.service/],
  ])("cannot be a container where the spec needs %s", async (_, more, message) => {
    const options = { ...one, ...more }
    const manifest = await released(options)
    expect(() => runningOf(on(docker({ count: 1 }), options), manifest)).toThrow(
      expect.objectContaining({
        code: "FC_ONE_PROCESS",
        at: "fleets.web.on",
        message: expect.stringMatching(message),
        remedy: expect.stringContaining("local({ count: … })"),
      }),
    )
    expect(() => runningOf(on(local({ count: 1, boot: "process" }), options), manifest)).toThrow(
      expect.objectContaining({
        code: "FC_ONE_PROCESS",
        at: "fleets.web.on.boot",
        message: expect.stringMatching(message),
        remedy: expect.stringContaining('boot: "systemd"'),
      }),
    )
    expect(runningOf(on(local({ count: 1 }), options), manifest)).toEqual({})
  })

  it("cannot be a container of a release that was made before releases knew their program", async () => {
    const { run: _, ...before } = await released(one)
    expect(() => runningOf(on(docker({ count: 1 })), before)).toThrow(
      expect.objectContaining({ code: "FC_ONE_PROCESS", message: expect.stringContaining("has none") }),
    )
  })
})

describe("containers", () => {
  it.each([
    ["64m", 64 * 1024 ** 2],
    ["2G", 2 * 1024 ** 3],
    ["8388608", 8 * 1024 ** 2],
  ])("may use %s of memory", (memory, memoryBytes) => {
    expect(docker({ count: 1, memory })).toMatchObject({ kind: "docker", memoryBytes })
  })

  it.each([
    [{ count: 1, memory: "plenty" }, "FC_SPEC_VALUE"],
    [{ count: 1, memory: "1m" }, "FC_SPEC_VALUE"],
    [{ count: 1, cpus: 0 }, "FC_SPEC_VALUE"],
    [{ count: 1, labels: { "fireclay.name": "x" } }, "FC_SPEC_VALUE"],
    [{ count: 1, machines: 1 }, "FC_SPEC_UNKNOWN_KEY"],
  ])("are not described by %j", (options, code) => {
    expect(() => docker(options as never)).toThrow(expect.objectContaining({ code }))
  })

  it("need a program", () => {
    expect(() => on(docker({ count: 1 }), { resources: [] })).toThrow(
      expect.objectContaining({ code: "FC_FLEET_DELIVERY", at: "specs.web.run" }),
    )
  })
})
