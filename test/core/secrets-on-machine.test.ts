import { createHash } from "node:crypto"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Resource } from "../../src/contract/index.ts"
import { readMachineState } from "../../src/core/machine-state.ts"
import { undoTransaction } from "../../src/core/transaction/transaction.ts"
import { command, file } from "../../src/resources/index.ts"
import { secret } from "../../src/spec/index.ts"
import { applyOn, me, planOn } from "../support/apply.ts"
import { caught } from "../support/catch.ts"
import { testSecrets } from "../support/secrets.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"

const canary = "h'ush$hu*sh\\1"
const secrets = testSecrets({ TOKEN: canary })
const reference = secret("TOKEN")

let shell: ShellMachine
const at = (name: string): string => join(shell.root, name)
const tokenFile = (): Resource => file(at("token"), { content: reference, mode: 0o600, ...me })

beforeEach(async () => {
  shell = await openShellMachine("web-1")
})
afterEach(() => shell.dispose())

const forms = (value: string): readonly string[] => [
  value,
  value.replaceAll("'", "'\\''"),
  JSON.stringify(value).slice(1, -1),
  Buffer.from(value).toString("base64"),
  createHash("sha256").update(value).digest("hex"),
]

/** Files below a directory in which a secret stands, in any form. */
const holders = (directory: string, value = canary): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => {
    const path = join(directory, name)
    return statSync(path).isFile() && forms(value).some((form) => readFileSync(path, "latin1").includes(form))
  })

/** The command lines of all processes, as anybody may see them. */
const processList = (): string =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1")
      } catch {
        return ""
      }
    })
    .join("\n")

describe("a file that is a secret", () => {
  it("is delivered, for its owner, and is nowhere else on the machine", async () => {
    await applyOn(shell.machine, [tokenFile()], 1, secrets)
    expect(await readFile(at("token"), "utf8")).toBe(canary)
    expect((await stat(at("token"))).mode & 0o777).toBe(0o600)
    expect(holders(shell.home)).toEqual([])
    expect((await planOn(shell.machine, [tokenFile()], secrets)).steps).toEqual([])
  })

  it("changes on purpose when the secret does, and has drifted when the machine did it", async () => {
    await applyOn(shell.machine, [tokenFile()], 1, secrets)
    const rotated = await planOn(shell.machine, [tokenFile()], testSecrets({ TOKEN: "another one" }))
    const change = { property: "content", from: "not shown", to: "‹secret TOKEN›" }
    expect(rotated.differences.map(({ changes }) => changes)).toEqual([[{ ...change, cause: "intent" }]])
    await writeFile(at("token"), "somebody else's")
    const drifted = await planOn(shell.machine, [tokenFile()], secrets)
    expect(drifted.differences.map(({ changes }) => changes)).toEqual([[{ ...change, cause: "drift" }]])
    for (const plan of [rotated, drifted])
      for (const value of [canary, "another one", "somebody else's"])
        for (const form of forms(value)) expect(JSON.stringify(plan)).not.toContain(form)
  })

  it("is not shown when something else takes its place, nor when it takes the place of something", async () => {
    const plain = file(at("token"), { content: "no secret any more", ...me })
    await applyOn(shell.machine, [tokenFile()], 1, secrets)
    const opened = await planOn(shell.machine, [plain], secrets)
    expect(opened.steps.map((step) => step.do)).toEqual(["write-file"])
    await applyOn(shell.machine, [plain], 2, secrets)
    const closed = await planOn(shell.machine, [tokenFile()], secrets)
    expect(closed.steps.map((step) => step.do)).toEqual(["write-file"])
    for (const plan of [opened, closed])
      for (const form of forms(canary)) expect(JSON.stringify(plan)).not.toContain(form)
  })

  it("takes no further round trip", async () => {
    const plain = file(at("plain"), { content: "x", ...me })
    await applyOn(shell.machine, [tokenFile(), plain], 1, secrets)
    expect((await planOn(shell.machine, [tokenFile(), plain], secrets)).roundTrips).toBe(1)
    await writeFile(at("plain"), "y")
    expect((await planOn(shell.machine, [tokenFile(), plain], secrets)).roundTrips).toBe(2)
  })

  it("is never readable for others on its way, nor is what it displaces", async () => {
    const modes = join(shell.root, "modes")
    // Each of these first writes down the mode of every file with the secret that it is given, or in a directory of it.
    const record = `find "$@" -type f 2>/dev/null | while read -r f; do grep -qsF word-word "$f" && stat -c '%a' "$f" >>${modes}; done`
    for (const name of ["cp", "ln", "chown", "chmod", "mv", "sync", "xargs"])
      await shell.program(name, `${record}\nexec /usr/bin/${name} "$@"`)
    await applyOn(shell.machine, [tokenFile()], 1, testSecrets({ TOKEN: "word-word-1" }))
    await applyOn(shell.machine, [tokenFile()], 2, testSecrets({ TOKEN: "word-word-2" }))
    const seen = (await readFile(modes, "utf8")).trim().split("\n")
    expect(seen.length).toBeGreaterThan(3)
    expect(new Set(seen)).toEqual(new Set(["600"]))
  })

  it("fills a template, whose text is no secret", async () => {
    const template = join(shell.root, "template")
    await writeFile(template, "user={{ user }} password={{ password }}\n")
    const resource = file(at("conf"), {
      template,
      variables: { user: "app", password: reference },
      mode: "0600",
      ...me,
    })
    const plan = await applyOn(shell.machine, [resource], 1, secrets)
    expect(plan.differences[0]?.changes).toMatchObject([{ property: "content", to: "template with ‹secret TOKEN›" }])
    expect(await readFile(at("conf"), "utf8")).toBe(`user=app password=${canary}\n`)
    expect(holders(shell.home)).toEqual([])
  })
})

describe("a command with a secret in its environment", () => {
  const call = (script: string, undo?: string): Resource =>
    command("call", {
      run: ["sh", "-c", script, at("said")],
      check: ["test", "-e", at("said")],
      environment: { TOKEN: reference, PLAIN: "seen" },
      ...(undo === undefined ? {} : { undo: ["sh", "-c", undo, at("undone")] }),
    })

  it("gets it, and no list of processes shows it", async () => {
    const seen: string[] = []
    const sampler = setInterval(() => seen.push(processList()), 20)
    try {
      await applyOn(shell.machine, [call('printf "%s %s" "$TOKEN" "$PLAIN" >"$0"; sleep 0.5')], 1, secrets)
    } finally {
      clearInterval(sampler)
    }
    expect(await readFile(at("said"), "utf8")).toBe(`${canary} seen`)
    expect(seen.some((list) => list.includes(at("said")))).toBe(true)
    for (const form of forms(canary)) expect(seen.join("\n")).not.toContain(form)
    expect(holders(shell.home)).toEqual([])
  })

  it("can print it and fail: neither the error nor the machine keeps it", async () => {
    const failing = call('printf "token %s\\n" "$TOKEN"; printf %s "$TOKEN" | base64; exit 7', "true")
    const error = await caught(() => applyOn(shell.machine, [tokenFile(), failing], 1, secrets))
    expect(error.code).toBe("FC_STEP_FAILED")
    expect(error.details[0]).toBe("token ‹secret TOKEN›")
    expect(error.details[1]).toMatch(/^‹secret TOKEN›/)
    expect(holders(shell.home)).toEqual([])
    expect(readdirSync(shell.root)).toEqual([])
  })

  it("gives it to the undo, also long after, and keeps it for that alone", async () => {
    await applyOn(shell.machine, [call('echo done >"$0"', 'printf %s "$TOKEN" >"$0"; echo "$TOKEN"')], 1, secrets)
    const { state } = await readMachineState(shell.machine)
    expect(holders(shell.home).map((name) => name.split("/").slice(2).join("/"))).toEqual(["before/1/environment"])
    await undoTransaction(shell.machine, state?.transaction ?? "")
    expect(await readFile(at("undone"), "utf8")).toBe(canary)
    expect(holders(shell.home)).toEqual([])
  })

  it("is named as it was written when it cannot be taken back", async () => {
    const failing = command("fails", { run: ["false"], check: ["false"], undo: ["true"] })
    const error = await caught(() => applyOn(shell.machine, [call('echo done >"$0"'), failing], 1, secrets))
    expect(error.details.filter((line) => line.startsWith("not taken back"))).toEqual([
      `not taken back: env PLAIN=seen sh -c echo done >"$0" ${at("said")}`,
    ])
  })

  it("keeps it for nothing when there is no undo", async () => {
    await applyOn(shell.machine, [call('echo "$TOKEN"; echo done >"$0"')], 1, secrets)
    expect(holders(shell.home)).toEqual([])
  })
})
