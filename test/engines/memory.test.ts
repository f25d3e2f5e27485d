import { describe, expect, it } from "vitest"
import { memoryEngine } from "../../src/engines/index.ts"
import { engineSuite } from "../../src/testing/engine-suite.ts"

// One engine is the world here: a later run of the controller would find nothing of an earlier one's.
const shared = memoryEngine()
engineSuite("memory", () => shared, {
  runsShell: false,
  readOnlyInstances: false,
  systemd: { machines: false, instances: false },
})

describe("the memory engine's machines", () => {
  it("answer as they are told to, with what they were given", async () => {
    const engine = memoryEngine({
      answer: ({ machine, script, input }) => ({
        exitCode: 3,
        stdout: Buffer.from(`${machine}|${script}|${Buffer.from(input).toString()}`),
        stderr: Buffer.alloc(0),
      }),
    })
    const base = { distribution: "debian", suite: "bookworm", include: [] } as const
    await engine.create({ name: "web-1", from: { base }, fleet: "web", volumes: [], scratch: [] })
    const output = await engine.machine("web-1").sh("cat", { input: Buffer.from("in") })
    expect(output.exitCode).toBe(3)
    expect(output.stdout.toString()).toBe("web-1|cat|in")
    const pieces: string[] = []
    const streamed = await engine.machine("web-1").sh("x", { onStdout: (chunk) => pieces.push(chunk.toString()) })
    expect(pieces).toEqual(["web-1|x|"])
    expect(streamed.stdout).toHaveLength(0)
  })
})
