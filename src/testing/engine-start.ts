import { expect, it } from "vitest"
import { bake, base, type EngineContext, on, patient, wanted } from "./engine-support.ts"

/** What an instance finds below `/run/fireclay`, from its first moment. */
export const startCases = ({ engine, again }: EngineContext): void => {
  const filesFor =
    (word: string) =>
    ({ name, address }: { readonly name: string; readonly address: string }) =>
      new Map([
        ["self", Buffer.from(`${name} ${address} ${word}`)],
        ["more/deep", Buffer.from(Uint8Array.from([0, 255, 10]))],
      ])

  it("is there for root only, and in memory", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "echo x >/srv/x")
    const { name, address } = await engine.create({
      ...wanted("given-1", { image: digest }),
      startFiles: filesFor("first"),
    })
    expect(await on(engine, name, "cat /run/fireclay/self")).toBe(`${name} ${address} first`)
    expect(await on(engine, name, "od -An -tu1 /run/fireclay/more/deep")).toBe("   0 255  10\n")
    const look = "cd /run/fireclay; stat -c '%a %U' . self more more/deep; stat -f -c %T ."
    expect(await on(engine, name, look)).toBe("700 root\n600 root\n700 root\n600 root\ntmpfs\n")
    await engine.remove(name)
  })

  it("is asked for again when a machine starts again", { timeout: patient }, async () => {
    const { name } = await engine.create({ ...wanted("given-2", { base }), startFiles: filesFor("first") })
    await engine.stop(name)
    await again().start(name, filesFor("second"))
    expect(await on(engine, name, "cut -d ' ' -f 3 /run/fireclay/self")).toBe("second\n")
    await engine.remove(name)
  })
}
