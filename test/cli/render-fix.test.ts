import { describe, expect, it } from "vitest"
import { isUnfinished, renderFixed } from "../../src/cli/render/fix.ts"
import type { Fixed } from "../../src/core/index.ts"

const plain = (_style: unknown, text: string): string => text

const drift = { machine: "web1", declared: [], undeclared: [], ignored: [], data: 0, varied: 0 } as const
const finding = { kind: "file", what: "/opt/x", change: "changed", details: [] } as const
const kept = "/var/lib/fireclay/txn/web-1/before"

describe("renderFixed", () => {
  it.each<readonly [string, Fixed["machines"][number], boolean, readonly string[]]>([
    [
      "all",
      { machine: "web1", fixed: ["/etc/x"], drift, left: [], kept },
      false,
      ["✓ web  web1  release 1  1 put right", `    what was displaced lies in ${kept} until the next change`],
    ],
    [
      "not all",
      {
        machine: "web1",
        fixed: [],
        drift: { ...drift, undeclared: [finding] },
        left: [{ finding, why: "no copy of it was kept" }],
        kept,
      },
      true,
      ["✗ web  web1  release 1  0 put right, 1 still otherwise", "    ~ file /opt/x  no copy of it was kept"],
    ],
  ])("says what became of it: %s", (_, machine, unfinished, lines) => {
    const fixed = { fleet: "web", release: 1, machines: [machine] }
    expect(renderFixed(fixed, plain).split("\n")).toEqual(lines)
    expect(isUnfinished(fixed)).toBe(unfinished)
  })
})
