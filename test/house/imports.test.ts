import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { breaches } from "./import-rules.ts"

const root = join(import.meta.dirname, "../..")

describe("the rooms of src", () => {
  it("import only what they may", () => {
    expect(breaches(join(root, "src"))).toEqual([])
  })
})

describe("a planted breach", () => {
  const planted: string[] = []
  afterEach(() => {
    for (const tree of planted.splice(0)) rmSync(tree, { recursive: true })
  })
  const breachesOf = (file: string, text: string): readonly string[] => {
    const tree = mkdtempSync(join(tmpdir(), "fireclay-house-"))
    planted.push(tree)
    mkdirSync(join(tree, dirname(file)), { recursive: true })
    writeFileSync(join(tree, file), text)
    return breaches(tree)
  }

  it.each([
    ["core/plan.ts", 'import { x } from "../machines/ssh.ts"', "core may not import machines"],
    ["core/deep/plan.ts", 'import type { X } from "../../system/process.ts"', "core may not import system"],
    ["contract/a.ts", 'export * from "../spec/index.ts"', "contract may not import spec"],
    ["contract/a.ts", 'export type X = import("../core/plan.ts").Plan', "contract may not import core"],
    ["spec/a.ts", 'export { y } from "../strategies/index.ts"', "spec may not import strategies"],
    ["machines/a.ts", 'const x = await import("../engines/local.ts")', "machines may not import engines"],
    ["routers/a.ts", 'import "../machines/ssh.ts"', "routers may not import machines"],
    ["cli/a.ts", 'import { sshMachine } from "../machines/ssh.ts"', "cli may not import machines"],
    ["testing/a.ts", 'import { strategies } from "../strategies/index.ts"', "testing may not import strategies"],
    ["strategies/a.ts", 'import { spawn } from "node:child_process"', "strategies may not use processes"],
    ["machines/a.ts", 'import { spawn } from "child_process"', "machines may not use processes"],
    ["core/a.ts", 'import net from "node:net"', "core may not use sockets"],
    ["core/a.ts", 'export const x = () => fetch("x")', "core may not use sockets"],
    ["core/a.ts", 'import { readFile, writeFile } from "node:fs/promises"', "core may not use file writes"],
    ["core/a.ts", 'import * as fs from "node:fs"', "core may not use file writes"],
    ["core/a.ts", 'import fs from "fs"', "core may not use file writes"],
    ["probes/a.ts", 'import { promises } from "node:fs"', "probes may not use file writes"],
    ["core/a.ts", 'import { x } from "../../test/x.ts"', "core leads out of the rooms"],
    ["core/a.ts", "const x = await import(name)", "core leads out of the rooms"],
    ["kitchen/a.ts", 'import { x } from "../contract/index.ts"', "kitchen is a room without a rule"],
  ])("%s: %s", (file, line, message) => {
    const found = breachesOf(file, `// first line\n${line}\n`)
    expect(found).toEqual([expect.stringContaining(`${file}:2 ${message}`)])
  })

  it.each([
    ["core/a.ts", 'import { readFile, stat } from "node:fs/promises"'],
    ["core/a.ts", 'import type { Server } from "node:net"'],
    ["core/a.ts", 'import { z } from "zod"'],
    [
      "core/a.ts",
      '// import { x } from "../machines/ssh.ts"\nexport const x = `import { x } from "../machines/ssh.ts"`',
    ],
    ["machines/a.ts", 'import { type ChildProcess } from "node:child_process"'],
    ["engines/local/a.ts", 'import { localMachine } from "../../machines/local.ts"'],
    ["cli/a.ts", 'import type { Plan } from "../core/plan.ts"'],
    ["builtin.ts", 'import { plan } from "./core/plan.ts"\nimport { sshMachine } from "./machines/index.ts"'],
  ])("is none: %s: %s", (file, text) => {
    expect(breachesOf(file, `${text}\n`)).toEqual([])
  })
})
