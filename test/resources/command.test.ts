import { describe, expect, it } from "vitest"
import { command } from "../../src/resources/index.ts"
import { nothing, planOf, removeOf } from "./planning.ts"

const check = ["test", "-e", "/done"]
const bare = command("migrate", { run: ["/srv/app/migrate", "--all now"], check })
const full = command("migrate", {
  run: ["/srv/app/migrate"],
  check,
  undo: ["/srv/app/migrate", "--down"],
  user: "app",
  directory: "/srv/app",
  environment: { MODE: "fast" },
})

describe("a command's plan", () => {
  it("is empty when its check is content", () => {
    expect(planOf(command, bare, { exitCode: 0, stdout: "anything" })).toEqual(nothing)
  })

  it.each([
    ["bare", bare, "/srv/app/migrate --all now", { do: "run-command", argv: ["/srv/app/migrate", "--all now"] }],
    [
      "full",
      full,
      "/srv/app/migrate",
      {
        do: "run-command",
        argv: ["/srv/app/migrate"],
        undo: ["/srv/app/migrate", "--down"],
        user: "app",
        directory: "/srv/app",
        environment: { MODE: "fast" },
      },
    ],
  ])("runs when its check is not: %s", (_, resource, shown, step) => {
    expect(planOf(command, resource, { exitCode: 3, stdout: "" })).toEqual({
      changes: [{ property: "run", from: "check ended with 3", to: shown }],
      steps: [step],
    })
  })

  it("is never taken away", () => {
    expect(removeOf(command, full, { exitCode: 0, stdout: "" })).toEqual(nothing)
  })

  it("asks with its check alone", async () => {
    const asked: unknown[] = []
    const eyes = { run: async (argv: unknown) => asked.push(argv) }
    await command.resourceType.observe(eyes as never, full.want, [])
    expect(asked).toEqual([check])
  })
})
