import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { readSources } from "./sources.ts"

const sources = readSources(join(import.meta.dirname, "../../src"))

describe("the sources", () => {
  it("are files of 300 lines at most", () => {
    const long = sources.filter(({ lines }) => lines > 300)
    expect(long.map(({ file, lines }) => `${file}: ${lines} lines`)).toEqual([])
  })

  it("have functions of 70 lines at most", () => {
    const functions = sources.flatMap((source) => source.functions)
    expect(functions.length).toBeGreaterThan(100)
    const long = functions.filter(({ lines }) => lines > 70)
    expect(long.map(({ file, line, lines }) => `${file}:${line}: ${lines} lines`)).toEqual([])
  })
})
