import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { withLease } from "../../../src/core/lease.ts"
import { restartMachine } from "../../../src/core/patch/restart.ts"
import { fleet, inPlace, spec, ssh } from "../../../src/spec/index.ts"
import { rolling } from "../../../src/strategies/index.ts"
import { testBench } from "../../support/bench.ts"
import { caught } from "../../support/catch.ts"
import { nameFleet } from "../../support/fleet.ts"
import { openShellMachine, type ShellMachine } from "../../support/shell-machine.ts"

let shell: ShellMachine
beforeEach(async () => {
  shell = await openShellMachine("web1")
  // This computer is not what is to be started anew.
  await shell.program("reboot", "exit 0")
})
afterEach(() => shell.dispose())

describe("a machine that is started anew", () => {
  it("and goes on as if nothing had been said is given up: FC_REBOOT", async () => {
    const web = nameFleet(
      fleet(spec("web", { resources: [] }), { on: ssh({ hosts: ["web1"] }), by: inPlace({ strategy: rolling() }) }),
    )
    const work = () =>
      withLease(testBench(), "web", "a test", (bench) => restartMachine(bench, web, shell.machine, 700))
    expect(await caught(work)).toMatchObject({ code: "FC_REBOOT", at: "web1" })
  })
})
