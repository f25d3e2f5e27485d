import { execFileSync } from "node:child_process"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { quote, quoteAll } from "../../src/core/quote.ts"

/** Any text that an argument can hold: all bytes but NUL. */
const word = fc
  .oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom("'", '"', "$", "`", "\\", "\n", " ", "-", "!", "*", "é") }),
  )
  .map((text) => Buffer.from(text.replaceAll("\0", "")).toString())

describe("quote", () => {
  // Many words for each shell: what takes time is to start it.
  it("survives every shell", { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), fc.constantFrom("sh", "bash"), (words, shell) => {
        const said = execFileSync(shell, [
          "-c",
          `for word in ${quoteAll(words)}; do printf '%s\\0' "$word"; done`,
        ]).toString()
        expect(said.split("\0").slice(0, -1)).toEqual(words)
      }),
      { numRuns: 20 },
    )
  })

  it("refuses a NUL, which no argument can hold", () => {
    expect(() => quote("a\0b")).toThrow(TypeError)
  })

  it("leaves plain words readable", () => {
    expect(quoteAll(["/usr/bin/env", "-C", "/srv", "A=b"])).toBe("/usr/bin/env -C /srv A=b")
  })
})
