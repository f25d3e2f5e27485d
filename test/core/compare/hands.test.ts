import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import type { Json } from "../../../src/contract/index.ts"
import { handsOn } from "../../../src/core/compare/hands.ts"
import type { Manifest } from "../../../src/core/release.ts"

const described = (...wants: readonly (readonly [string, Json])[]): Pick<Manifest, "resources"> => ({
  resources: wants.map(([type, want]) => ({ type, id: type, want, contents: [] })),
})

describe("changes by hand", () => {
  it("are twelve, each of another kind", () => {
    const hands = handsOn(described(["file", { path: "/etc/motd", mode: 0o644 }]))
    expect(new Set(hands.map(({ what }) => what)).size).toBe(12)
  })

  it("are ten where no file is described", () => {
    const hands = handsOn(described(["package", { name: "cron" }]))
    expect(hands.filter(({ what }) => what.startsWith("a described"))).toEqual([])
    expect(hands).toHaveLength(10)
  })

  it("are to a described file of settings, if there is one", () => {
    const [content] = handsOn(
      described(["file", { path: "/srv/app.py", mode: 0o755 }], ["file", { path: "/etc/app's.conf", mode: 0o640 }]),
    )
    expect(content?.make).toContain(`'/etc/app'\\''s.conf'`)
  })

  it("are to a file of a described package first", () => {
    const hands = handsOn(described(["package", { name: "nginx" }], ["package", { name: "cron" }]))
    expect(hands[0]?.make).toContain("dpkg -L nginx cron dpkg ")
  })

  it.each(handsOn(described(["file", { path: "/etc/motd" }])))("$what: is shell", ({ make, isThere }) => {
    for (const script of [make, isThere]) execFileSync("sh", ["-n"], { input: script })
  })

  const directory = mkdtempSync(join(tmpdir(), "fireclay-hands-"))
  afterAll(() => rmSync(directory, { recursive: true }))

  it.each([0o644, 0o600, 0o664, 0o775, 0o640])("to a file of mode %o are seen, and seen no more", (mode) => {
    const path = join(directory, `it's ${mode}`)
    const write = (): void => {
      writeFileSync(path, "x\n")
      chmodSync(path, mode)
    }
    const hands = handsOn(described(["file", { path, mode }])).filter(({ what }) => what.startsWith("a described"))
    for (const { make, isThere } of hands) {
      write()
      const ask = (): number | null => spawnSync("sh", ["-c", isThere]).status
      expect(ask()).toBe(1)
      execFileSync("sh", ["-c", make])
      expect(ask()).toBe(0)
      write()
      expect(ask()).toBe(1)
    }
  })
})
