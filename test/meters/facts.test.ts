import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { systemIn } from "../../src/meters/facts.ts"
import { machineFacts } from "../../src/meters/index.ts"

describe("what this computer is", () => {
  it("is what it says itself", () => {
    const { cpus, memoryBytes, kernel, node, model, system } = machineFacts()
    expect(cpus).toBe(readFileSync("/proc/cpuinfo", "utf8").match(/^processor/gm)?.length)
    expect(memoryBytes).toBe(1024 * Number(readFileSync("/proc/meminfo", "utf8").match(/^MemTotal: +(\d+)/)?.[1]))
    expect(kernel).toBe(readFileSync("/proc/sys/kernel/osrelease", "utf8").trim())
    expect(node).toBe(process.version)
    expect([model, system].every((text) => text.length > 0)).toBe(true)
  })

  it.each([
    ['NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n', "Debian GNU/Linux 12 (bookworm)"],
    ["PRETTY_NAME=Alpine\n", "Alpine"],
    ["", undefined],
  ])("reads its system's name", (text, name) => {
    expect(systemIn(text)).toBe(name)
  })
})
