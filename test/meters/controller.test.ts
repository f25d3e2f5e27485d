import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import { type Meter, openMeter } from "../../src/meters/index.ts"
import { start } from "../../src/system/process.ts"

const noMachines = { machines: async () => [], makers: async () => [], keptBytes: async () => 0 }

/** What this process's children used, once they were waited for: the kernel's own word. */
const childrenSeconds = (): number => {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1)?.split(" ") ?? []
  return (Number(fields[13]) + Number(fields[14])) / 100
}

const burn = "i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done"

const metered = async (script: string, meter: Meter): Promise<void> => {
  const child = start(["bash", "-c", script], { stdio: "ignore" })
  meter.follow(child.pid ?? 0)
  await once(child, "close")
}

describe("a process that delivers", () => {
  it.each([
    ["by itself", `${burn}; sleep 0.3`],
    ["with a child that it waits for", `(${burn}); ${burn}; sleep 0.3`],
    ["with children of children, some at the same time", `bash -c '(${burn}) & ${burn}; wait'; sleep 0.3`],
    ["with many that live for a moment", "for i in $(seq 400); do /bin/true; done; sleep 0.3"],
  ])("used what the kernel says: %s", async (_, script) => {
    const before = childrenSeconds()
    const meter = await openMeter({ metered: noMachines, steady: 0 })
    await metered(script, meter)
    const { controller, fleet } = await meter.close()
    const used = childrenSeconds() - before
    expect(Math.abs(controller.cpuSeconds - used)).toBeLessThan(0.1 * used + 0.03)
    expect(fleet).toMatchObject({ cpuSeconds: 0, extraMachineSeconds: 0 })
  })

  it("held what it and its children held at the same time", async () => {
    const hold = (megabytes: number): string => `perl -e '$n = ${megabytes} << 20; $x = "a"; $x x= $n; sleep 1'`
    const meter = await openMeter({ metered: noMachines, steady: 0 })
    await metered(`${hold(60)} & ${hold(40)} & wait`, meter)
    const { controller } = await meter.close()
    expect(controller.peakMemoryBytes / 2 ** 20).toBeGreaterThan(95)
    expect(controller.peakMemoryBytes / 2 ** 20).toBeLessThan(125)
  })

  it("wrote to the disk for the fleet", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "fireclay-meter-")), "image")
    const meter = await openMeter({ metered: noMachines, steady: 0 })
    await metered(`dd if=/dev/zero of=${file} bs=1M count=30 conv=fsync; sleep 0.3`, meter)
    const { fleet } = await meter.close()
    rmSync(dirname(file), { recursive: true })
    expect(fleet.diskWrittenBytes / 2 ** 20).toBeGreaterThan(29.9)
    expect(fleet.diskWrittenBytes / 2 ** 20).toBeLessThan(33)
  })

  it("that runs already counts from when the meter was opened", async () => {
    const child = start(["bash", "-c", `${burn}; echo; sleep 5`], { stdio: ["ignore", "pipe", "ignore"] })
    await once(child.stdout ?? child, "data")
    const meter = await openMeter({ metered: noMachines, steady: 0, pids: [child.pid ?? 0] })
    const { controller } = await meter.close()
    child.kill()
    expect(controller.cpuSeconds).toBeLessThan(0.05)
    expect(controller.peakMemoryBytes).toBeLessThan(2 ** 20)
  })
})
