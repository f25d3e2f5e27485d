// A controller of its own process, so that it can be killed: brings a machine to a release when it is told `go`, and
// prints how that ended as one line of JSON. The words of its task are the only argument.

import { once } from "node:events"
import { existsSync } from "node:fs"
import { isFireclayError } from "../../../src/contract/index.ts"
import { type ConvergeWant, converge } from "../../../src/core/converge.ts"
import { sshMachine } from "../../../src/machines/index.ts"
import { fleet, inPlace, local } from "../../../src/spec/index.ts"
import { rolling } from "../../../src/strategies/index.ts"
import { testBench } from "../bench.ts"
import { namespaceMachine } from "./machine.ts"
import { bundleOf, specOf } from "./releases.ts"
import { type Answer, epochOf, type Task } from "./task.ts"

const main = async (task: Task): Promise<void> => {
  const machine =
    task.ssh === undefined
      ? namespaceMachine(task.directory, task.address, () => !existsSync(task.gate))
      : sshMachine(task.ssh)
  const web = specOf(task.release)
  const delivery = inPlace({ strategy: rolling(), confirm: `${task.confirmSeconds}s` })
  const made = await bundleOf(task.release)
  process.stdout.write("ready\n")
  await once(process.stdin, "data")
  const want: ConvergeWant = {
    fleet: { name: "web", ...fleet(web, { on: local({ machines: 1 }), by: delivery }) },
    release: {
      number: task.release,
      digest: made.digest,
      manifest: made.manifest,
      createdAt: "2026-01-01T00:00:00.000Z",
    },
    bundle: made,
    verify: async () => undefined,
  }
  const bench = testBench()
  const lease = { epoch: epochOf(task.token), holder: bench.holder(), ensure: async () => undefined }
  const answer = await converge({ ...bench, lease }, machine, want).then(
    ({ release }): Answer => ({ release }),
    (error: unknown): Answer => ({
      code: isFireclayError(error) ? error.code : "bug",
      message:
        error instanceof Error
          ? [error.message, ...(isFireclayError(error) ? (error.details ?? []) : [])].join("\n")
          : String(error),
    }),
  )
  process.stdout.write(`${JSON.stringify(answer)}\n`)
  process.exit(0)
}

await main(JSON.parse(process.argv[2] ?? "") as Task)
