import { machineSuite } from "../../src/testing/machine-suite.ts"
import { testDockerEngine, testDockerProject } from "../engines/docker/support.ts"
import { ensureDocker } from "../support/docker.ts"

const base = { distribution: "debian", suite: "bookworm", include: [] } as const

machineSuite("docker", async () => {
  const use = await ensureDocker()
  const engine = testDockerEngine(testDockerProject())
  await engine.create({ name: "one-1", from: { base }, fleet: "one", volumes: [], scratch: [] })
  return {
    machine: engine.machine("one-1"),
    dispose: async () => {
      await engine.destroy({ volumes: true })
      await use.dispose()
    },
  }
})
