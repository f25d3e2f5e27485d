import { engineSuite } from "../../../src/testing/engine-suite.ts"
import { testEngine, testProject } from "./support.ts"

const project = testProject()
engineSuite("local", () => testEngine(project), {
  runsShell: true,
  readOnlyInstances: true,
  systemd: { machines: true, instances: true },
  hostState: project.hostState,
})
