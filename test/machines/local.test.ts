import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Engine, Scratch } from "../../src/contract/index.ts"
import { localEngine } from "../../src/engines/index.ts"
import { localMachine } from "../../src/machines/local.ts"
import { machineSuite } from "../../src/testing/machine-suite.ts"

const base = { distribution: "debian", suite: "bookworm", include: [] } as const
const project = (name: string): Engine =>
  localEngine({ project: "machine-test", projectDirectory: `/machine-test/${process.pid}/${name}` })

machineSuite("local", async () => {
  const engine = project("local")
  await engine.create({ name: "one-1", from: { base }, fleet: "one", volumes: [], scratch: [] })
  return { machine: engine.machine("one-1"), dispose: () => engine.destroy({ volumes: true }) }
})

machineSuite("scratch", async () => {
  const engine = project("scratch")
  const scratch = await engine.openScratch({ base })
  return { machine: scratch.machine, dispose: () => engine.destroy({ volumes: true }) }
})

describe("a scratch machine", () => {
  const engine = project("environment")
  let scratch: Scratch
  beforeAll(async () => {
    scratch = await engine.openScratch({ base })
  }, 300_000)
  afterAll(() => engine.destroy({ volumes: true }), 60_000)

  it("has an environment of its own", async () => {
    process.env.FIRECLAY_TEST_LEAK = "leaked"
    const { stdout } = await scratch.machine.sh("env")
    delete process.env.FIRECLAY_TEST_LEAK
    expect(stdout.toString()).not.toContain("leaked")
    expect(stdout.toString()).toContain("SOURCE_DATE_EPOCH=1704067200\n")
    expect(stdout.toString()).toContain("DEBIAN_FRONTEND=noninteractive\n")
  })
})

describe("a local machine that does not run", () => {
  it("says so, and what to do", async () => {
    const machine = localMachine({ name: "gone-1", leader: async () => 0x7ffffff0, address: async () => "127.0.0.1" })
    await expect(machine.sh(":")).rejects.toMatchObject({
      code: "FC_MACHINE_UNREACHABLE",
      at: "local gone-1",
      remedy: expect.stringContaining("fireclay"),
    })
    await machine.close()
  })
})
