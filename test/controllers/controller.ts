// A controller as a process of its own. It is told on standard input what to do, a line of JSON each, and answers so.
//
//   { "plan": VERSION }               looks, as `plan` does              → { "planned": true }
//   { "apply": VERSION, "pauseAt" }   does what was planned              → { "at": … } on the way, then { "end": … }
//   { "unlock": true }                takes the fleet over               → { "unlocked": TOKEN }
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import type { Machine } from "../../src/contract/index.ts"
import { planFleet, sightsOf } from "../../src/core/plan-fleet.ts"
import { bundle } from "../../src/core/release.ts"
import { rollOut } from "../../src/core/rollout/rollout.ts"
import { unlock } from "../../src/core/unlock.ts"
import type { Workbench } from "../../src/core/workbench.ts"
import { sqliteStore } from "../../src/stores/index.ts"
import { processBegan } from "../../src/system/alive.ts"
import { testBench } from "../support/bench.ts"
import { attachShellMachine } from "../support/shell-machine.ts"
import { fleetOf, type Given, type Order, specOf } from "./fleet.ts"

const given = JSON.parse(process.argv[2] ?? "{}") as Given
const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`)

/** Long enough to be stopped in. */
const pause = async (at: string, wanted: string | undefined): Promise<void> => {
  if (at !== wanted) return
  say({ at })
  await sleep(1_000)
}

const bench: Workbench = {
  ...testBench({ store: sqliteStore({ directory: given.state, who: given.who }), pid: process.pid }),
  holder: () => ({
    who: given.who,
    host: "here",
    pid: process.pid,
    began: processBegan(process.pid) ?? "",
    since: "today",
    expires: "",
  }),
}

const real = attachShellMachine("web1", given.machine)
const benchPausing = (pauseAt: string | undefined): Workbench => {
  const machine: Machine = {
    ...real,
    sh: async (script, options) => {
      if (script.includes("library.sh") && script.includes("head -c")) await pause("upload", pauseAt)
      if (script.includes("setsid")) await pause("launch", pauseAt)
      if (/> confirm\b/.test(script) && !script.includes("setsid")) await pause("confirm", pauseAt)
      return real.sh(script, options)
    },
  }
  return {
    ...bench,
    sshMachine: () => machine,
    probe: async () => {
      await pause("verify", pauseAt)
      return { healthy: true, afterMs: 1 }
    },
  }
}

let sights: ReturnType<typeof sightsOf> = new Map()

const obey = async (order: Order): Promise<void> => {
  if ("unlock" in order) return say({ unlocked: await unlock(benchPausing(undefined), fleetOf(given)) })
  const version = "plan" in order ? order.plan : order.apply
  const wanted = await bundle(specOf(given, version), "/")
  if ("plan" in order) {
    sights = sightsOf(await planFleet(benchPausing(undefined), fleetOf(given), wanted))
    return say({ planned: true })
  }
  await sleep(order.afterMs ?? 0)
  await rollOut(benchPausing(order.pauseAt), fleetOf(given), { bundle: wanted, shown: sights })
  say({ end: "done" })
}

for await (const line of createInterface({ input: process.stdin }))
  await obey(JSON.parse(line) as Order).catch((error: { code?: string; message: string; stack?: string }) =>
    say({ end: error.code ?? "unknown", message: error.code === undefined ? error.stack : error.message }),
  )
process.exit(0)
