import type { Engine } from "../../../src/contract/index.ts"
import { type DockerOptions, dockerEngine } from "../../../src/engines/index.ts"
import { docker } from "../../support/docker.ts"
import { type TestProject, testProject } from "../local/support.ts"

export const testDockerEngine = (project: TestProject, more: Partial<DockerOptions> = {}): Engine =>
  dockerEngine({ ...project.options, ...more })

export interface DockerProject extends TestProject {
  readonly hostState: () => Promise<readonly string[]>
}

/** A project of this test's own, and all in the daemon and on this machine that bears its marks. */
export const testDockerProject = (host: readonly string[] = []): DockerProject => {
  const project = testProject()
  const hostState = async () => [...(await project.hostState()), ...(await daemonState(project.bridge, host))]
  return { ...project, hostState }
}

const daemonState = async (mark: string, host: readonly string[]): Promise<readonly string[]> => {
  const filter = ["--filter", `label=fireclay.place=${mark}`]
  const lists = await Promise.all([
    docker([...host, "ps", "--all", "--quiet", ...filter]),
    docker([...host, "network", "ls", "--quiet", ...filter]),
    docker([...host, "volume", "ls", "--quiet", ...filter]),
    docker([...host, "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", `fireclay/engine-test-${mark.slice(2)}`]),
  ])
  return lists.flatMap((list) => list.split("\n").filter((line) => line !== ""))
}
