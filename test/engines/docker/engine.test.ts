import { afterAll, beforeAll } from "vitest"
import { engineSuite } from "../../../src/testing/engine-suite.ts"
import { type DockerUse, ensureDocker } from "../../support/docker.ts"
import { testDockerEngine, testDockerProject } from "./support.ts"

let use: DockerUse
beforeAll(async () => {
  use = await ensureDocker()
})
afterAll(() => use?.dispose())

const project = testDockerProject()
engineSuite("docker", () => testDockerEngine(project), {
  runsShell: true,
  readOnlyInstances: true,
  systemd: { machines: false, instances: false },
  hostState: project.hostState,
})
