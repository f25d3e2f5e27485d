import { describe, expect, it } from "vitest"
import { renderPatched } from "../../src/cli/render/patched.ts"
import { renderDifference } from "../../src/cli/render/plan.ts"
import type { PatchedMachine, ResourceDifference } from "../../src/core/index.ts"

const plain = (_style: unknown, text: string): string => text

describe("a patch in a plan", () => {
  it.each<readonly [string, "intent" | "drift", string]>([
    ["is one line", "intent", "      ~ patch:openssl  1 → 2"],
    ["says when somebody took it back", "drift", "      ~ patch:openssl  1 → 2  drifted"],
  ])("%s", (_, cause, line) => {
    const changes = [{ property: "version", from: "1", to: "2", cause }]
    const difference: ResourceDifference = {
      ...{ id: "patch:openssl", action: "change", cause, changes, steps: [], creates: false },
    }
    expect(renderDifference(difference, plain)).toEqual([line])
  })
})

describe("the report of a patch", () => {
  const machine = (name: string, more: Partial<PatchedMachine> = {}): PatchedMachine => ({
    machine: name,
    moves: [
      { name: "openssl", from: "1", to: "2" },
      { name: "libnew", from: null, to: "1" },
    ],
    ...{ restarted: [], stale: [], keptFiles: [], rebooted: false, undone: false },
    ...more,
  })
  const moves = ["      openssl  1 → 2", "      libnew  none → 1"]

  it.each<readonly [string, readonly PatchedMachine[], readonly string[]]>([
    ["says once what happened on several", [machine("one"), machine("two")], ["  ✓ one, two", ...moves]],
    [
      "says what was started again, and what has to be",
      [machine("one", { restarted: ["app.service"], stale: ["init", "dbus.service"] })],
      ["  ✓ one", ...moves, "      restarted: app.service", "      ! still run what was replaced: init, dbus.service"],
    ],
    [
      "says what a reboot has settled",
      [machine("one", { stale: ["init"], rebooted: true })],
      ["  ✓ one  rebooted", ...moves],
    ],
    [
      "says which files stay",
      [machine("one", { keptFiles: ["/etc/a.conf"] })],
      ["  ✓ one", ...moves, "      ! kept as it is on the machine: /etc/a.conf; the new one lies beside it"],
    ],
    ["says what was undone", [machine("one", { undone: true })], ["  ✗ one  was taken back", ...moves]],
  ])("%s", (_, machines, lines) => {
    expect(renderPatched(machines, plain).split("\n")).toEqual(lines)
  })
})
