import { describe, expect, it } from "vitest"
import { moments, playRounds } from "./rounds.ts"

// All fifty: npm run test:controllers
describe("two controllers at once", () => {
  it.each([
    ["one store", 5],
    ["two stores", 5],
  ] as const)(
    "of %s: never both, never neither, and the other is told who",
    async (kind, count) => {
      const rounds = await playRounds(kind, count)
      expect(rounds.flatMap(({ sins }) => sins)).toEqual([])
      expect(rounds).toHaveLength(count)
    },
    120_000,
  )

  it("one of whom sleeps while the other takes over: it wakes and changes nothing", async () => {
    const rounds = await playRounds("asleep", moments.length)
    expect(rounds.flatMap(({ at, sins }) => sins.map((sin) => `${at}: ${sin}`))).toEqual([])
    expect(rounds.map(({ at }) => at)).toEqual(moments)
  }, 120_000)
})
