import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { type Engine, FireclayError } from "../../../src/contract/index.ts"
import { start } from "../../../src/system/process.ts"
import { testEngine, testProject } from "./support.ts"

const base = { distribution: "debian", suite: "bookworm", include: [] } as const
const patient = 300_000

describe("a controller that is killed while it makes machines", () => {
  const project = testProject()
  beforeAll(async () => {
    await testEngine(project).ensureBase(base)
  }, patient)
  afterAll(() => testEngine(project).destroy({ volumes: true }), patient)

  // From before the first effect, through mounting, connecting and booting, to committing and removing.
  it.each([20, 60, 100, 140, 180, 250, 330, 450, 600, 800, 1100, 1500])(
    "leaves nothing that destroy does not find, %i ms after it began",
    { timeout: patient },
    async (afterMs) => {
      await killedAfter(afterMs, project.options)
      const engine = testEngine(project)
      await engine.list()
      await engine.destroy({ volumes: true })
      expect(await engine.inventory()).toEqual([])
      expect(await project.hostState()).toEqual([])
    },
  )

  it("leaves machines that the next one can list, use, remove and replace", { timeout: patient }, async () => {
    await killedAfter(1200, project.options)
    const engine = testEngine(project)
    const left = await engine.list()
    expect(left.map((instance) => instance.name)).toContain("pet-0")
    for (const { name, running } of left) {
      if (!running) continue
      expect(await hostNameOf(engine, name)).toBe(name)
    }
    for (const { name } of left) await engine.remove(name)
    expect(await engine.list()).toEqual([])
    const made = await engine.create({ name: "pet-0", from: { base }, fleet: "crash", volumes: [], scratch: [] })
    expect(made.running).toBe(true)
    const scratch = await engine.openScratch({ base })
    await scratch.commit()
    await engine.destroy({ volumes: true })
    expect(await project.hostState()).toEqual([])
  })
})

/** What the machine says it is called; its name as well for one that the dead controller had told to power off. */
const hostNameOf = async (engine: Engine, name: string): Promise<string> => {
  const machine = engine.machine(name)
  try {
    return (await machine.sh("hostname")).stdout.toString().trim()
  } catch (error) {
    if (!(error instanceof FireclayError) || error.code !== "FC_MACHINE_UNREACHABLE") throw error
    await vi.waitFor(async () => expect(await isRunning(engine, name)).toBe(false), { timeout: powerOffMs })
    return name
  } finally {
    await machine.close()
  }
}

const powerOffMs = 25_000

const isRunning = async (engine: Engine, name: string): Promise<boolean | undefined> =>
  (await engine.list()).find((instance) => instance.name === name)?.running

const killedAfter = async (afterMs: number, options: object): Promise<void> => {
  const program = fileURLToPath(new URL("controller.ts", import.meta.url))
  const controller = start([process.execPath, program, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const ended = once(controller, "close")
  if (controller.stdout !== null) await once(controller.stdout, "data")
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  expect(controller.exitCode).toBeNull()
  controller.kill("SIGKILL")
  await ended
}
