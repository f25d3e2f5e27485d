import { describe, expect, it } from "vitest"
import { type Entry, openLedger } from "../../src/meters/ledger.ts"

const entry = (pid: number, parent: number, used: number): Entry => ({ key: `${pid} at 0`, pid, parent, used })

describe("a ledger of processes", () => {
  it.each([
    ["adds up what is there", [[entry(1, 0, 2), entry(7, 1, 3)]], 5],
    ["finds what a child used with its parent", [[entry(1, 0, 2), entry(7, 1, 3)], [entry(1, 0, 5)]], 5],
    ["keeps what nobody in it waited for", [[entry(1, 0, 2), entry(7, 0, 3)], [entry(1, 0, 2)]], 5],
    ["keeps what a whole family used that ends at once", [[entry(7, 0, 3), entry(8, 7, 1)], []], 4],
    [
      "finds a grandchild's with whoever is left",
      [[entry(1, 0, 0), entry(7, 1, 3), entry(8, 7, 1)], [entry(1, 0, 4)]],
      4,
    ],
    ["tells two of one number apart", [[entry(7, 0, 3)], [{ ...entry(7, 0, 1), key: "7 at 9" }]], 4],
  ] as const)("%s", (_, looks, total) => {
    const ledger = openLedger()
    expect(looks.map((look) => ledger.total(look)).at(-1)).toBe(total)
  })
})
