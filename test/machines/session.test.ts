import { randomBytes } from "node:crypto"
import { existsSync } from "node:fs"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { FireclayError } from "../../src/contract/index.ts"
import { Session } from "../../src/machines/session.ts"

const lost = (stderr: string, everAnswered: boolean): FireclayError =>
  new FireclayError("FC_MACHINE_UNREACHABLE", everAnswered ? "lost" : "never answered", { details: [stderr] })

const open = (shell: readonly string[]): Session => new Session({ argv: (loop) => [...shell, "-c", loop], lost })

const shells: readonly (readonly string[])[] = [
  ["sh"],
  ["dash"],
  ["bash", "--posix"],
  ["bash"],
  // Not on every machine; the first three are on each Debian.
  ...(existsSync("/bin/busybox") ? [["busybox", "sh"]] : []),
]

describe.each(shells.map((shell) => [shell.join(" "), shell] as const))("a session over %s", (_, shell) => {
  const session = open(shell)
  afterAll(() => session.close())

  it("carries any bytes both ways", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (input) => {
        const output = await session.sh("cat", { input })
        expect(output.stdout.equals(input)).toBe(true)
        expect(output.stderr).toHaveLength(0)
      }),
      { numRuns: 60 },
    )
  })

  it("prints any text of a script as it is", async () => {
    const text = fc.string({ unit: "binary" }).map((value) => value.replaceAll("\0", "").toWellFormed())
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        const output = await session.sh(`printf %s '${value.replaceAll("'", `'\\''`)}'`)
        expect(output.stdout.toString()).toBe(value)
      }),
      { numRuns: 60 },
    )
  })

  it("finds its marker when that comes in pieces", async () => {
    for (const length of [0, 1, 30, 4090, 65_500, 65_536, 200_000]) {
      const output = await session.sh(`head -c ${length} /dev/zero; sleep 0.01; printf '\\n'; exit 5`)
      expect([output.stdout.length, output.exitCode]).toEqual([length + 1, 5])
    }
  })

  it("is not fooled by half a marker", async () => {
    const session2 = open(shell)
    const output = await session2.sh(`printf '\\n0123456789abcdef0123456789abcdef 0\\nrest'`)
    expect(output.stdout.toString()).toBe("\n0123456789abcdef0123456789abcdef 0\nrest")
    await session2.close()
  })

  it("goes on after input that a script does not read", async () => {
    for (const size of [1, 100_000, 1_000_000]) {
      expect((await session.sh("exit 4", { input: randomBytes(size) })).exitCode).toBe(4)
      expect((await session.sh("echo next")).stdout.toString()).toBe("next\n")
    }
  }, 20_000)

  it("starts each script afresh", async () => {
    await session.sh("cd /; set -eu; x=1; exit 1")
    expect((await session.sh('echo "$- ${x-unset}"')).stdout.toString()).not.toMatch(/[eu].* |1$/m)
  })
})

describe("a session that ends", () => {
  it("tells a shell that never answered from one that was lost", async () => {
    const never = open(["false"])
    await expect(never.sh("echo")).rejects.toThrow("never answered")
    const killed = open(["sh"])
    await killed.sh("echo")
    await expect(killed.sh("kill -9 $$")).rejects.toThrow("lost")
    expect((await killed.sh("echo back")).stdout.toString()).toBe("back\n")
    await killed.close()
  })

  it("says so when there is no such program", async () => {
    await expect(open(["/nonexistent/shell"]).sh("echo")).rejects.toBeInstanceOf(FireclayError)
  })

  it("leaves no process behind when it is closed", async () => {
    const session = open(["sh"])
    const pid = Number((await session.sh("echo $$")).stdout.toString())
    expect(existsSync(`/proc/${pid}`)).toBe(true)
    await session.close()
    await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false)
  })
})

it("is not opened, nor opened again, only to be left", async () => {
  let opened = 0
  const counted = new Session({
    argv: (loop) => {
      opened += 1
      return ["sh", "-c", loop]
    },
    lost,
  })
  await counted.farewell("kill -9 $$")
  await counted.sh(":")
  await counted.farewell("kill -9 $$")
  await counted.farewell("kill -9 $$")
  await counted.close()
  expect(opened).toBe(1)
})
