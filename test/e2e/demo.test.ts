import { join } from "node:path"
import { expect, it } from "vitest"
import type { DemoRow } from "../../src/cli/demo/measure.ts"
import { run } from "../../src/system/process.ts"
import { traces } from "../support/traces.ts"

const script = join(import.meta.dirname, "..", "..", "scripts", "demo.ts")

it("takes both fleets to version 2 and back under load, loses no request, and leaves nothing behind", async () => {
  const before = await traces()
  const { exitCode, stdout, stderr } = await run([process.execPath, "--conditions=fireclay-source", script, "--json"])
  expect(stderr.toString()).not.toContain("FC_")
  const { fleets, failed } = JSON.parse(stdout.toString()) as { fleets: readonly DemoRow[]; failed: number }
  expect(fleets.map(({ fleet, by, direction }) => `${fleet} ${by} ${direction}`)).toEqual([
    "pets in-place 1 → 2",
    "cattle replace 1 → 2",
    "pets in-place 2 → 1",
    "cattle replace 2 → 1",
  ])
  expect(fleets.map((row) => ({ failed: row.failed, reasons: row.reasons, machines: row.machinesCreated }))).toEqual(
    fleets.map(({ by }) => ({ failed: 0, reasons: {}, machines: by === "replace" ? 3 : 0 })),
  )
  for (const row of fleets) expect(row.requests).toBeGreaterThan(800)
  expect(failed).toBe(0)
  expect(exitCode).toBe(0)
  expect((await traces()).filter((line) => !before.includes(line))).toEqual([])
})
