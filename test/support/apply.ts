import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { userInfo } from "node:os"
import type { Machine, Resource, Secrets } from "../../src/contract/index.ts"
import { stateAfter } from "../../src/core/plan/state-after.ts"
import type { MachinePlan } from "../../src/core/plan/types.ts"
import { planMachine } from "../../src/core/plan.ts"
import { type Bundle, bundle } from "../../src/core/release.ts"
import { bytesToWrite, openBundle } from "../../src/core/seal.ts"
import { transact } from "../../src/core/transaction/transaction.ts"
import { spec } from "../../src/spec/index.ts"
import { resourceTypes } from "./bench.ts"
import { testSecrets } from "./secrets.ts"

/** Whom files can be given to without being root. */
export const me = { owner: userInfo().username, group: execFileSync("id", ["-gn"]).toString().trim() }

export const bundleOf = async (resources: readonly Resource[], secrets: Secrets = testSecrets()): Promise<Bundle> =>
  openBundle(secrets, await bundle(spec("web", { resources }), "/"))

export const planOn = async (
  machine: Machine,
  resources: readonly Resource[],
  secrets?: Secrets,
): Promise<MachinePlan> => planMachine(machine, await bundleOf(resources, secrets), resourceTypes)

/** Brings a machine to these resources as a whole converge would, without a fleet around it. */
export const applyOn = async (
  machine: Machine,
  resources: readonly Resource[],
  release = 1,
  secrets?: Secrets,
): Promise<MachinePlan> => {
  const made = await bundleOf(resources, secrets)
  const plan = await planMachine(machine, made, resourceTypes)
  const transaction = `web-${release}-${randomBytes(4).toString("hex")}`
  const applied = await transact(machine, {
    id: transaction,
    steps: plan.steps,
    bytes: bytesToWrite(made, plan.texts),
    hide: made.opened?.hide,
    holder: "test",
    confirmMs: 30_000,
  })
  const identity = { project: "project", fleet: "web", release, digest: made.digest, transaction }
  await applied.confirm(
    stateAfter(plan, made, identity, { created: [], packages: applied.packages }, new Date().toISOString()),
  )
  return plan
}
