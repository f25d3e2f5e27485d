import { describe, expect, it } from "vitest"
import { renderDrift } from "../../src/cli/render/drift.ts"
import type { MachineDrift } from "../../src/core/index.ts"

const plain = (_style: unknown, text: string): string => text

const clean = { declared: [], undeclared: [], ignored: [], since: "2026-11-27T00:00:00Z", data: 0, varied: 0 } as const

describe("renderDrift", () => {
  it("counts what rules hide, by rule, and says which have ended", () => {
    const finding = { kind: "file", what: "/etc/a", change: "added", details: [] } as const
    const hiding = (reason: string, count: number): MachineDrift["ignored"][number] => ({
      rule: { path: "/etc/**", reason },
      findings: Array.from({ length: count }, () => finding),
    })
    const text = renderDrift(
      {
        fleet: "web",
        release: 3,
        machines: [
          { ...clean, machine: "web1", ignored: [hiding("an agent", 2), hiding("a module", 1)] },
          { ...clean, machine: "web2", ignored: [hiding("an agent", 1)] },
        ],
        expired: [{ reason: "for now", until: "2026-10-31" }],
      },
      plain,
    )
    expect(text.split("\n")).toEqual([
      "web  release 3",
      "  ✓ web1, web2  as delivered",
      '    ignored: 3 by rule "an agent" (web1, web2)',
      '    ignored: 1 by rule "a module" (web1)',
      '  ! the rule "for now" ended with 2026-10-31 and does nothing any more',
    ])
  })
})
