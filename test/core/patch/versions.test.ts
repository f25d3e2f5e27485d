import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { compareVersions } from "../../../src/core/patch/versions.ts"
import { run } from "../../../src/system/process.ts"

const ascending = [
  ["1.0~rc1", "1.0"],
  ["1.0~~", "1.0~"],
  ["1.0", "1.0-1"],
  ["1.0-1", "1.0-1+deb12u1"],
  ["1.0-1+deb12u1", "1.0-1+deb12u2"],
  ["1.0-1+deb12u9", "1.0-1+deb12u10"],
  ["9", "1:1"],
  ["1.2a", "1.2+"],
  ["1.2", "1.2a"],
  ["1.9", "1.10"],
  ["2024.01.1-1", "2024.1.2-1"],
  ["1.0-rc-1", "1.0-rc-2"],
  ["99999999999999999998", "99999999999999999999"],
] as const

describe("compareVersions", () => {
  it.each(ascending)("%s is older than %s", (older, newer) => {
    expect(compareVersions(older, newer)).toBeLessThan(0)
    expect(compareVersions(newer, older)).toBeGreaterThan(0)
  })

  it.each([
    ["1.0", "0:1.0"],
    ["1.0", "1.00"],
    ["1.0", "1.0-0"],
    ["a", "a0"],
  ])("%s and %s are the same", (one, other) => {
    expect(compareVersions(one, other)).toBe(0)
  })

  it("says of any two what dpkg says", async () => {
    const part = fc.string({ unit: fc.constantFrom(..."0019aZ~+.-"), maxLength: 6 })
    const version = fc
      .tuple(
        fc.constantFrom("", "1:", "2:"),
        fc.integer({ min: 0, max: 12 }),
        part,
        fc.constantFrom("", "-1", "-1~b", "-10"),
      )
      .map(([epoch, first, rest, revision]) => `${epoch}${first}${rest}${revision}`)
      .filter((text) => !text.endsWith("-"))
    const pairs = fc.sample(fc.tuple(version, version), 300)
    const script = pairs.map(([one, other]) => {
      const is = (relation: string) => `dpkg --compare-versions '${one}' ${relation} '${other}'`
      return `if ${is("lt")}; then echo -1; elif ${is("gt")}; then echo 1; else echo 0; fi`
    })
    const { stdout } = await run(["sh", "-c", script.join("\n")])
    const said = stdout.toString().trim().split("\n").map(Number)
    expect(pairs.map(([one, other]) => [one, other, Math.sign(compareVersions(one, other))])).toEqual(
      pairs.map(([one, other], index) => [one, other, said[index]]),
    )
  })
})
