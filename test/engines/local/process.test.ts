import { engineSuite } from "../../../src/testing/engine-suite.ts"
import { testEngine, testProject } from "./support.ts"

// The same engine where an instance is started with its one program, without systemd.
const project = testProject()
engineSuite("local, instances that boot no systemd", () => testEngine(project), {
  runsShell: true,
  readOnlyInstances: true,
  systemd: { machines: true, instances: false },
  hostState: project.hostState,
})
