import { describe, expect, it } from "vitest"
import { isGone, processBegan } from "../../src/system/alive.ts"
import { start } from "../../src/system/process.ts"

describe("a process", () => {
  it("is not gone while it runs, and gone after its end, whatever has its number then", async () => {
    const child = start(["sleep", "60"], { stdio: "ignore" })
    const pid = child.pid ?? 0
    const began = processBegan(pid)
    expect(began).toMatch(/^\d+$/)
    expect([isGone({ pid, began: began ?? "" }), isGone({ pid })]).toEqual([false, false])
    expect(isGone({ pid, began: "1" })).toBe(true)
    const ended = new Promise((resolve) => child.once("close", resolve))
    child.kill("SIGKILL")
    await ended
    expect([isGone({ pid, began: began ?? "" }), isGone({ pid }), processBegan(pid)]).toEqual([true, true, undefined])
  })

  it("that is dead and not buried is gone", async () => {
    // The shell becomes a program that never waits for what the shell began.
    const child = start(["sh", "-c", "sleep 0.01 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] })
    const pid = await new Promise<number>((resolve) => child.stdout?.once("data", (chunk) => resolve(Number(chunk))))
    await expect.poll(() => processBegan(pid)).toBeUndefined()
    expect(isGone({ pid, began: "1" })).toBe(true)
    child.kill("SIGKILL")
  })
})
