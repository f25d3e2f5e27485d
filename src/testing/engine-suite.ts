import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Engine } from "../contract/index.ts"
import { bakeCases } from "./engine-baking.ts"
import { programCases } from "./engine-program.ts"
import { runningCases } from "./engine-running.ts"
import { startCases } from "./engine-start.ts"
import {
  bake,
  base,
  data,
  type EngineCapabilities,
  type EngineContext,
  instanceWant,
  patient,
  wanted,
} from "./engine-support.ts"
import { bootedInstanceCases, bootedMachineCases } from "./engine-systemd.ts"
import { volumeCases } from "./engine-volumes.ts"

export type { EngineCapabilities } from "./engine-support.ts"

/**
 * What every {@link Engine} must do. `factory` answers an engine of a project of the suite's own that has made
 * nothing yet; each call answers one for the same project.
 *
 * @example
 * engineSuite("memory", () => engine, { runsShell: false, readOnlyInstances: false, systemd: { machines: false, instances: false } })
 */
export const engineSuite = (name: string, factory: () => Engine, capabilities: EngineCapabilities): void => {
  describe(`engine ${name}`, () => {
    const engine = factory()
    const context: EngineContext = { engine, again: factory, capabilities }
    let before: readonly string[] = []
    beforeAll(async () => {
      await engine.ensureBase(base)
      before = (await capabilities.hostState?.()) ?? []
    }, patient)
    afterAll(() => engine.destroy({ volumes: true }), patient)

    describe("bases and images", () => imageCases(context))
    describe("instances", () => instanceCases(context))
    describe("volumes", () => volumeCases(context))
    if (capabilities.runsShell) {
      describe("what is given at the start", () => startCases(context))
      describe("what is baked", () => bakeCases(context))
      describe("what runs", () => {
        runningCases(context)
        if (capabilities.systemd.machines) bootedMachineCases(context)
        if (capabilities.systemd.instances) bootedInstanceCases(context)
        else programCases(context)
      })
    }
    describe("destroy", () => destroyCases(context, () => before))
  })
}

const imageCases = ({ engine, again }: EngineContext): void => {
  it("answers the same digest for the same base", { timeout: patient }, async () => {
    const digest = await engine.ensureBase(base)
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(await again().ensureBase(base)).toBe(digest)
  })

  it("makes an image of what a scratch machine was told", { timeout: patient }, async () => {
    const image = await bake(engine, { base }, "echo one >/srv/one")
    expect(image.digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(image.size).toBeGreaterThan(0)
    expect(await again().image(image.digest)).toEqual(image)
  })

  it("answers the same digest for the same content, and another for other content", { timeout: patient }, async () => {
    const one = await bake(engine, { base }, "echo one >/srv/one")
    const two = await bake(engine, { base }, "echo two >/srv/one")
    expect(await bake(engine, { base }, "echo one >/srv/one")).toEqual(one)
    expect(two.digest).not.toBe(one.digest)
  })

  it("stacks an image on an image", { timeout: patient }, async () => {
    const one = await bake(engine, { base }, "echo one >/srv/one")
    const stacked = await bake(engine, { image: one.digest }, "echo more >/srv/more")
    expect(stacked.digest).not.toBe(one.digest)
    expect(await engine.image(stacked.digest)).toEqual(stacked)
  })

  it("lists its images with their layers, which those on top share", { timeout: patient }, async () => {
    const one = await bake(engine, { base }, "echo listed >/srv/listed")
    const stacked = await bake(engine, { image: one.digest }, "echo more >/srv/more")
    const listed = new Map((await again().images()).map((image) => [image.digest, image]))
    expect(listed.get(one.digest)).toMatchObject(one)
    expect(listed.get(stacked.digest)).toMatchObject(stacked)
    const [below, above] = [listed.get(one.digest)?.layers ?? [], listed.get(stacked.digest)?.layers ?? []]
    expect(above.slice(0, -1)).toEqual(below)
    expect(above.reduce((sum, { size }) => sum + size, 0)).toBe(stacked.size)
    const { createdAt = "" } = listed.get(one.digest) ?? {}
    expect(new Date(createdAt).toISOString()).toBe(createdAt)
  })

  it("makes nothing of a scratch machine that is discarded, twice", { timeout: patient }, async () => {
    const scratch = await engine.openScratch({ base })
    await scratch.discard()
    await scratch.discard()
    await expect(scratch.machine.sh(":")).rejects.toMatchObject({ code: "FC_MACHINE_UNREACHABLE" })
  })

  it("forgets an image that is removed, and knows no other", { timeout: patient }, async () => {
    const image = await bake(engine, { base }, "echo gone >/srv/gone")
    await engine.removeImage(image.digest)
    await engine.removeImage(image.digest)
    expect(await engine.image(image.digest)).toBeUndefined()
    expect(await engine.image("sha256:../../etc/passwd")).toBeUndefined()
    await expect(engine.openScratch({ image: image.digest })).rejects.toMatchObject({ code: "FC_IMAGE_UNKNOWN" })
    const want = wanted("none-1", { image: image.digest })
    await expect(engine.create(want)).rejects.toMatchObject({ code: "FC_IMAGE_UNKNOWN" })
    expect((await engine.list()).map((instance) => instance.name)).not.toContain("none-1")
  })
}

const instanceCases = ({ engine, again, capabilities }: EngineContext): void => {
  it("makes several instances at the same time, each with an address of its own", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "echo one >/srv/one")
    const names = ["many-1", "many-2", "many-3"]
    const made = await Promise.all(
      names.map((name) => engine.create({ ...instanceWant(capabilities, name, digest), release: 7 })),
    )
    expect(new Set(made.map((instance) => instance.address)).size).toBe(3)
    expect(made[0]).toMatchObject({ name: "many-1", fleet: "suite", release: 7, image: digest, running: true })
    expect(new Date(made[0]?.createdAt ?? "").toISOString()).toBe(made[0]?.createdAt)
    expect((await again().list()).filter((instance) => names.includes(instance.name))).toEqual(made)
    await Promise.all(names.map((name) => engine.remove(name)))
    expect((await engine.list()).filter((instance) => names.includes(instance.name))).toEqual([])
  })

  it("refuses a second instance of one name and leaves the first alone", { timeout: patient }, async () => {
    const first = await engine.create(wanted("twice-1", { base }))
    await expect(engine.create(wanted("twice-1", { base }))).rejects.toMatchObject({ code: "FC_INSTANCE_START" })
    expect((await engine.list()).filter((instance) => instance.name === "twice-1")).toEqual([first])
    await engine.remove("twice-1")
  })

  it("stops and starts an instance under the same address", { timeout: patient }, async () => {
    const made = await engine.create(wanted("pause-1", { base }))
    await engine.stop("pause-1")
    expect((await engine.list()).find(({ name }) => name === "pause-1")).toEqual({ ...made, running: false })
    await expect(engine.machine("pause-1").sh(":")).rejects.toMatchObject({ code: "FC_MACHINE_UNREACHABLE" })
    await engine.stop("pause-1")
    expect(await again().start("pause-1")).toEqual(made)
    expect(await again().start("pause-1")).toEqual(made)
    await engine.remove("pause-1")
  })

  it("removes what is not there without an error, and starts it with one", { timeout: patient }, async () => {
    await engine.remove("nobody-1")
    await expect(engine.start("nobody-1")).rejects.toMatchObject({ code: "FC_MACHINE_UNREACHABLE" })
    await expect(engine.machine("nobody-1").sh(":")).rejects.toMatchObject({ code: "FC_MACHINE_UNREACHABLE" })
  })
}

const destroyCases = ({ engine, again, capabilities }: EngineContext, before: () => readonly string[]): void => {
  it("lists what it made and removes all of it", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "echo last >/srv/last")
    await engine.create({ ...instanceWant(capabilities, "last-1", digest), volumes: [data] })
    await engine.create(wanted("last-2", { base }))
    await engine.openScratch({ base })
    expect((await engine.inventory()).length).toBeGreaterThan(1)
    await again().destroy({ volumes: true })
    expect(await engine.inventory()).toEqual([])
    expect(await engine.list()).toEqual([])
    expect(await engine.image(digest)).toBeUndefined()
    if (capabilities.hostState !== undefined) expect(await capabilities.hostState()).toEqual(before())
  })

  it("has nothing against being asked twice, and can begin again", { timeout: patient }, async () => {
    await engine.destroy({ volumes: true })
    await engine.create(wanted("anew-1", { base }))
    expect((await engine.list()).map(({ name, running }) => ({ name, running }))).toEqual([
      { name: "anew-1", running: true },
    ])
    await engine.destroy({ volumes: false })
    expect(await engine.inventory()).toEqual([])
  })
}
