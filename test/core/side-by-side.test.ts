import { setTimeout as sleep } from "node:timers/promises"
import { expect, it } from "vitest"
import { sideBySide } from "../../src/core/side-by-side.ts"

const numbers = Array.from({ length: 50 }, (_, index) => index)

it("answers in order, whatever takes how long, and does many at a time but not all", async () => {
  let now = 0
  let most = 0
  const doubled = await sideBySide(numbers, async (number) => {
    now += 1
    most = Math.max(most, now)
    await sleep((number * 7) % 5)
    now -= 1
    return number * 2
  })
  expect(doubled).toEqual(numbers.map((number) => number * 2))
  expect(most).toBe(12)
})

it("begins nothing more after a failure, which it throws", async () => {
  const begun: number[] = []
  const looking = sideBySide(numbers, async (number) => {
    begun.push(number)
    await sleep(1)
    if (number === 3) throw new Error("no")
    await sleep(5)
  })
  await expect(looking).rejects.toThrow("no")
  await sleep(20)
  expect(begun).toEqual(numbers.slice(0, 12))
})

it("has nothing to do for none", async () => {
  expect(await sideBySide([], async () => 1)).toEqual([])
})
