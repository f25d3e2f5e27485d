import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Resource } from "../../src/contract/index.ts"
import type { MachineState } from "../../src/core/machine-state.ts"
import { bundleOf } from "./apply.ts"
import type { ShellMachine } from "./shell-machine.ts"

/** Has a machine say of itself that these resources were applied, without anything being done to it. */
export const claim = async (
  { home }: ShellMachine,
  resources: readonly Resource[],
  more: Partial<MachineState> = {},
): Promise<void> => {
  const { manifest, digest } = await bundleOf(resources)
  const state: MachineState = {
    schema: 1,
    project: "project",
    fleet: "web",
    release: 1,
    digest,
    transaction: "web-1-claimed",
    resources: manifest.resources.map((resource) => ({ ...resource, created: false })),
    directories: [],
    packages: [],
    ...more,
  }
  await mkdir(home, { recursive: true })
  await writeFile(join(home, "current.json"), JSON.stringify(state))
}
