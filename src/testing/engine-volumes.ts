import { expect, it } from "vitest"
import { bake, base, data, type EngineContext, patient, wanted } from "./engine-support.ts"

/** Who may hold a volume, and what becomes of one that nobody holds. */
export const volumeCases = ({ engine, again }: EngineContext): void => {
  const named = async (name: string) =>
    (await again().volumes()).find((volume) => volume.fleet === "suite" && volume.name === name)

  it("gives an exclusive volume to one instance at a time", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "mkdir -p /srv/data")
    const want = { ...wanted("hold-1", { image: digest }), volumes: [{ ...data, name: "held" }] }
    await engine.create(want)
    await expect(again().create({ ...want, name: "hold-2" })).rejects.toMatchObject({ code: "FC_VOLUME_IN_USE" })
    expect((await engine.list()).map(({ name }) => name)).not.toContain("hold-2")
    await engine.stop("hold-1")
    await engine.create({ ...want, name: "hold-2" })
    await expect(engine.start("hold-1")).rejects.toMatchObject({ code: "FC_VOLUME_IN_USE" })
    await engine.remove("hold-2")
    expect((await engine.start("hold-1")).running).toBe(true)
    await engine.remove("hold-1")
  })

  it("gives it to one of two that ask at the same time", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "mkdir -p /srv/data")
    const want = { ...wanted("", { image: digest }), volumes: [{ ...data, name: "raced" }] }
    const made = await Promise.allSettled(["race-1", "race-2"].map((name) => again().create({ ...want, name })))
    expect(made.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"])
    await Promise.all(["race-1", "race-2"].map((name) => engine.remove(name)))
  })

  it("gives a shared one to as many as ask", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "mkdir -p /srv/data")
    const want = { ...wanted("", { image: digest }), volumes: [{ ...data, name: "common", access: "shared" } as const] }
    const names = ["share-1", "share-2"]
    await Promise.all(names.map((name) => again().create({ ...want, name })))
    expect((await named("common"))?.usedBy.toSorted()).toEqual(names)
    await Promise.all(names.map((name) => engine.remove(name)))
  })

  it("lists a volume that nobody has, and removes it when it is told to", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "mkdir -p /srv/data")
    const volume = { fleet: "suite", name: "left" }
    await engine.create({ ...wanted("left-1", { image: digest }), volumes: [{ ...data, name: "left" }] })
    await engine.stop("left-1")
    expect(await named("left")).toMatchObject({ ...volume, usedBy: ["left-1"] })
    await expect(engine.removeVolume(volume)).rejects.toMatchObject({ code: "FC_VOLUME_IN_USE" })
    await engine.remove("left-1")
    expect(await named("left")).toMatchObject({ ...volume, usedBy: [] })
    expect((await named("left"))?.path).not.toBe("")
    await again().removeVolume(volume)
    await again().removeVolume(volume)
    expect(await named("left")).toBeUndefined()
  })
}
