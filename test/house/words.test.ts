import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { run } from "../../src/system/process.ts"

const root = join(import.meta.dirname, "../..")

/** Words that tie the repository to one machine or one company's mirror. Put together, so that they are not here. */
const banned: readonly (readonly [string, RegExp])[] = [
  ["a path of one machine", new RegExp(`(?<![\\w.@-])${["", "work", ""].join("/")}`)],
  ["a registry's host name", new RegExp(`\\b(${["registry", "npmjs"].join("\\.")}|${["pkg", "dev"].join("\\.")})\\b`)],
  [
    "a registry's host name",
    new RegExp(`\\b(${["arti", "factory"].join("")}|${["registry-1", "docker"].join("\\.")})\\b`, "i"),
  ],
  ["an address that packages came from", new RegExp(`"${"resol"}ved": "https?:`)],
  ["a registry setting or login", new RegExp(`^(@\\S+:)?registry=|_${"auth"}Token`, "m")],
]

const wordsIn = (file: string, text: string): readonly string[] =>
  banned.flatMap(([what, pattern]) => {
    const at = text.search(pattern)
    return at < 0 ? [] : [`${file}:${text.slice(0, at).split("\n").length} names ${what}`]
  })

describe("the files that git keeps", () => {
  it("name no machine and no registry", async () => {
    const { exitCode, stdout } = await run(["git", "ls-files", "-z"], { cwd: root })
    expect(exitCode).toBe(0)
    const files = stdout
      .toString()
      .split("\0")
      .filter((file) => file !== "" && existsSync(join(root, file)))
    expect(files.length).toBeGreaterThan(10)
    expect(files.flatMap((file) => wordsIn(file, readFileSync(join(root, file), "latin1")))).toEqual([])
  })

  it.each([
    `see ${["", "work", "main"].join("/")}`,
    `"${"resol"}ved": "https://mirror.example/x.tgz"`,
    `${"regis"}try=https://mirror.example`,
    `//mirror.example/:_${"auth"}Token=x`,
    `https://${["registry", "npmjs", "org"].join(".")}/x`,
  ])("would be found out: %s", (text) => {
    expect(wordsIn("a", `one\n${text}`)).toEqual([expect.stringContaining("a:2 names ")])
  })

  it.each(["src/work/x", "docker.io", "the work of others"])("would pass: %s", (text) => {
    expect(wordsIn("a", text)).toEqual([])
  })
})
