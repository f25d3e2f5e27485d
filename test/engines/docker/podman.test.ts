import { afterAll } from "vitest"
import { engineSuite } from "../../../src/testing/engine-suite.ts"
import { startPodman } from "../../support/podman.ts"
import { testDockerEngine, testDockerProject } from "./support.ts"

const podman = await startPodman()
afterAll(() => podman.dispose())

const project = testDockerProject(["--host", podman.url])
const environment = { ...process.env, DOCKER_CONFIG: podman.config }
engineSuite("docker, by Podman", () => testDockerEngine(project, { context: "podman", environment }), {
  runsShell: true,
  readOnlyInstances: true,
  systemd: { machines: false, instances: false },
  // Podman keeps what watched over an exec for five minutes.
  hostState: async () => (await project.hostState()).filter((line) => !line.startsWith("/usr/bin/conmon ")),
})
