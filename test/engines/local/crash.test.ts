import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
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
      const machine = engine.machine(name)
      expect((await machine.sh("hostname")).stdout.toString()).toBe(`${name}\n`)
      await machine.close()
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
