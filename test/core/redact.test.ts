import { execFileSync } from "node:child_process"
import { createHash, generateKeyPairSync } from "node:crypto"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { quote } from "../../src/core/quote.ts"
import { formsOf, hideScript, openRedactor, redactDeep } from "../../src/core/redact.ts"

const redactorOf = (values: { readonly [name: string]: string | Uint8Array }) => {
  const redactor = openRedactor()
  for (const [name, value] of Object.entries(values)) redactor.learn(name, Buffer.from(value))
  return redactor.redact
}

/** Ways in which a value gets into what is printed. */
const ways: readonly (readonly [string, (value: string) => string])[] = [
  ["itself", (value) => value],
  ["JSON", (value) => JSON.stringify(value).slice(1, -1)],
  ["a word of a shell", quote],
  ["base64", (value) => Buffer.from(value).toString("base64").replace(/=+$/, "")],
  ["base64 for addresses", (value) => Buffer.from(value).toString("base64url")],
  ["hexadecimal", (value) => Buffer.from(value).toString("hex")],
  ["a digest", (value) => createHash("sha256").update(value).digest("hex")],
  ["a part of an address", encodeURIComponent],
]

/** Text of which the marks themselves hold nothing. */
const value = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 4, maxLength: 60 }),
    fc.string({ unit: "grapheme-ascii", minLength: 4, maxLength: 60 }),
    fc.string({ unit: fc.constantFrom(..."$^.*+?()[]{}|\\/-'\"\n a"), minLength: 4, maxLength: 20 }),
  )
  .filter((text) => text.trim().length >= 4 && !"‹secret NAME›‹secret OTHER›".includes(text.trim()))

describe("redaction", () => {
  it.each(ways)("takes out any value as %s, wherever it stands", (_, write) => {
    fc.assert(
      fc.property(value, fc.string(), fc.string(), (secret, before, after) => {
        const written = write(secret)
        fc.pre(!"‹secret NAME›".includes(written))
        const said = redactorOf({ NAME: secret })(before + written + after)
        expect(said).not.toContain(written)
        expect(said).toContain("‹secret NAME›")
      }),
      { numRuns: 300 },
    )
  })

  it("takes out values that overlap and repeat, all of them", () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        (secrets, order) => {
          const marks = secrets.map((_, index) => `S${index}`)
          fc.pre(secrets.every((secret) => !marks.some((name) => `‹secret ${name}›`.includes(secret.trim()))))
          const text = order.map((index) => secrets[index % secrets.length]).join("")
          const redact = redactorOf(Object.fromEntries(secrets.map((secret, index) => [`S${index}`, secret])))
          for (const secret of secrets) expect(redact(text)).not.toContain(secret)
        },
      ),
    )
  })

  it("leaves alone what holds none", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."abc \n{}") }), (text) => {
        expect(redactorOf({ NAME: "hush-hush" })(text)).toBe(text)
      }),
    )
  })

  it.each([
    ["the user and the password of a web request", "user:hush-hush-1"],
    ["what begins one byte later", "xhush-hush-1"],
    ["what begins two bytes later", "xyhush-hush-1z"],
    ["what begins three bytes later", "xyzhush-hush-1zz"],
  ])("finds it in the base64 of %s", (_, text) => {
    const said = redactorOf({ NAME: "hush-hush-1" })(Buffer.from(text).toString("base64"))
    expect(said).toContain("‹secret NAME›")
    expect(Buffer.from(said, "base64").toString()).not.toContain("hush-hush")
  })

  it("takes out each line of a value of several, as logs print it", () => {
    const key = String(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }))
    const redact = redactorOf({ KEY: key })
    const printed = key.split("\n").map((line) => redact(`app[1]: ${line}`))
    expect(printed.filter((line) => !/^app\[1\]: (‹secret KEY›)?$/.test(line))).toEqual([])
  })

  it("takes out what a shell's echo makes of backslashes", () => {
    const tricky = "one\\ntwo-two-two\\tthree\\\\four\\five"
    const echo = (shell: string): string =>
      execFileSync(shell, ["-c", 'echo "$X"'], { env: { ...process.env, X: tricky } }).toString()
    const redact = redactorOf({ NAME: tricky })
    for (const said of ["dash", "bash"].map(echo)) {
      expect(redact(said)).toBe("‹secret NAME›\n")
      for (const line of said.split("\n")) expect(redact(line)).not.toContain("two-two")
    }
  })

  it("takes out any line of a file of thousands", () => {
    const lines = Array.from({ length: 3000 }, (_, index) =>
      createHash("sha256").update(String(index)).digest("base64"),
    )
    const redact = redactorOf({ KEYS: lines.join("\n") })
    expect(redact(`first ${lines[0]} last ${lines.at(-1)}`)).toBe("first ‹secret KEYS› last ‹secret KEYS›")
  })

  it("takes out bytes that are no text by their encodings", () => {
    const bytes = Uint8Array.from({ length: 32 }, (_, index) => 255 - index)
    expect(redactorOf({ RAW: bytes })(`key ${Buffer.from(bytes).toString("base64")}`)).toMatch(/^key ‹secret RAW›=?$/)
  })

  it("does not look for what is shorter than four characters", () => {
    expect(formsOf(Buffer.from("abc"))).toEqual([])
    expect(redactorOf({ PIN: "12 " })("12 of 12 ")).toBe("12 of 12 ")
  })

  it("prefers the longer of two that begin alike", () => {
    expect(redactorOf({ SHORT: "hush", LONG: "hush-hush" })("hush hush-hush")).toBe("‹secret SHORT› ‹secret LONG›")
  })

  it("is done by sed on a machine just so, line by line", () => {
    fc.assert(
      fc.property(value, fc.constantFrom(...ways), (secret, [, write]) => {
        const written = write(secret)
        const said = execFileSync("sed", ["-e", hideScript([["NAME", Buffer.from(secret)]])], {
          input: written,
          env: { ...process.env, LC_ALL: "C" },
        }).toString()
        const lines = secret.split("\n").map((line) => line.trim())
        const hidden = written.includes("\n") ? lines.filter((line) => line.length >= 8) : [written]
        for (const line of hidden) if (!"‹secret NAME›".includes(line)) expect(said).not.toContain(line)
      }),
      { numRuns: 200 },
    )
  })

  it("goes through data, names included, and leaves the rest as it is", () => {
    const redact = redactorOf({ NAME: 'hush"hush' })
    const data = { list: ['a hush"hush', 1, null, true], 'hush"hush': { deep: "plain" }, gone: undefined }
    expect(redactDeep(data, redact)).toEqual({
      list: ["a ‹secret NAME›", 1, null, true],
      "‹secret NAME›": { deep: "plain" },
      gone: undefined,
    })
  })
})
