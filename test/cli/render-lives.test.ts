import { describe, expect, it } from "vitest"
import { renderLives } from "../../src/cli/render/lives.ts"
import { compareLives } from "../../src/core/compare/lives.ts"
import { exampleLog } from "../core/compare/lives-example.ts"
import { nowMs } from "../core/compare/lives-log.ts"

const plain = (_style: unknown, text: string): string => text

const linesOf = (fleets: readonly string[]): readonly string[] =>
  renderLives(compareLives(fleets, exampleLog, nowMs(30)), plain).split("\n")

const row = (lines: readonly string[], name: string): readonly string[] =>
  lines
    .find((line) => line.startsWith(`${name}  `))
    ?.slice(name.length)
    .trim()
    .split(/ {2,}/) ?? []

describe("renderLives", () => {
  it("says since when each fleet is in the log, and what it is counted by", () => {
    expect(linesOf(["pets", "cattle"]).slice(0, 2)).toEqual([
      "pets  in place, since 2026-01-01 (30 d); 2 machines now, 2.0 machine months; looked for drift on 12 days",
      "cattle  by replacement, since 2026-01-01 (30 d); 2 machines now, 2.0 machine months; looked for drift on 30 days",
    ])
  })

  it.each([
    ["rollouts", ["21 (1 first, 20 to another release)", "21 (1 first, 20 to another release)"]],
    ["  taken back", ["0", "12"]],
    ["update", ["19.5 s (10.0 s – 29.0 s, of 20)", "1 min 56 s (1 min 52 s – 1 min 59 s, of 8)", "pets 5.9 × faster"]],
    ["rollouts that failed", ["0 of 21 (0 %)", "12 of 21 (57 %)", "only cattle"]],
    ["drift found, per machine and month", ["6.00 (12 times)", "0.00 (0 times)", "only pets"]],
    ["drift, until it was gone", ["6 h (6 h – 6 h, of 12)", "–"]],
    ["drift, what became of it", ["12 things: 12 gone", "–"]],
  ])("has a row of %s", (name, cells) => {
    expect(row(linesOf(["pets", "cattle"]), name)).toEqual(cells)
  })

  it("tells of three fleets two by two what is clear", () => {
    const lines = linesOf(["pets", "cattle", "other"])
    expect(lines).toContain("pets and other  no clear difference, or too few to tell")
    expect(lines.find((line) => line.startsWith("pets and cattle  "))).toContain("update: pets 5.9 × faster; ")
  })

  it("marks the rule that decided, and those that held too", () => {
    const lines = linesOf(["pets", "cattle"])
    const after = lines.slice(lines.indexOf("pets: by replacement"))
    expect(after[2]).toBe("  · A volume that one machine alone may hold: in place, or the data apart from the rest")
    expect(after.filter((line) => line.startsWith("  ▸")).length).toBe(2)
    expect(after).toContain("  ▸ Drift was found clearly less often one way than the other: that way  (decided)")
    expect(after).toContain("  ✓ A clearly smaller share of the rollouts failed one way: that way  (held too)")
  })
})
