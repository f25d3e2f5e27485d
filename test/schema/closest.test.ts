import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { closest } from "../../src/schema/closest.ts"

const keys = ["content", "source", "template", "mode", "owner", "group"]

describe("the key that was meant", () => {
  it.each([
    ["conten", "content"],
    ["Content", "content"],
    ["contnet", "content"],
    ["modes", "mode"],
    ["own", "owner"],
    ["tmplate", "template"],
    ["sauce", "source"],
    ["templaaaate", "template"],
  ])("by %s is %s", (word, meant) => {
    expect(closest(word, keys)).toBe(meant)
  })

  it.each(["permissions", "xyz", "recurse", ""])("by %s is none of them", (word) => {
    expect(closest(word, keys)).toBeUndefined()
  })

  it("is none where there are none", () => {
    expect(closest("mode", [])).toBeUndefined()
  })

  it("is always the word itself where that is a key", () => {
    fc.assert(fc.property(fc.constantFrom(...keys), (key) => closest(key, keys) === key))
  })

  it("is within one slip of the finger", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("content", "template", "source"),
        fc.nat(),
        fc.string({ maxLength: 1 }),
        (key, at, other) => {
          const place = at % key.length
          expect(closest(key.slice(0, place) + other + key.slice(place + 1), keys)).toBe(key)
        },
      ),
    )
  })
})
