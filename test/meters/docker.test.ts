import { afterAll, beforeAll } from "vitest"
import { dockerEngine, meteredDocker } from "../../src/engines/index.ts"
import { testProject } from "../engines/local/support.ts"
import { type DockerUse, ensureDocker } from "../support/docker.ts"
import { machineSuite } from "./machine-suite.ts"

let use: DockerUse
beforeAll(async () => {
  use = await ensureDocker()
})
afterAll(() => use?.dispose())

const { options } = testProject()
const engine = dockerEngine(options)
machineSuite("docker", { engine: () => engine, metered: () => meteredDocker(options) })
