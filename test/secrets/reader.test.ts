import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { armor, Encrypter, generateIdentity, identityToRecipient } from "age-encryption"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type SecretReader, secretReader } from "../../src/secrets/index.ts"
import { secret } from "../../src/spec/index.ts"
import { caught } from "../support/catch.ts"

let directory = ""
let identity = ""
const put = (name: string, content: string | Uint8Array): Promise<void> => writeFile(join(directory, name), content)
const encrypt = async (text: string): Promise<Uint8Array> => {
  const encrypter = new Encrypter()
  encrypter.addRecipient(await identityToRecipient(identity))
  return encrypter.encrypt(text)
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "fireclay-secrets-"))
  identity = await generateIdentity()
  await put("age.key", `# created: today\n${identity}\n`)
  await put(
    "secrets.age",
    await encrypt('# ours\nTOKEN=plain value \nexport QUOTED=\'a # b\'\nLINES="one\\ntwo \\"x\\""\nEMPTY=\n'),
  )
  await put("armored.age", armor.encode(await encrypt('{"TOKEN": "of json", "PORT": 5432}')))
  await put("list.age", await encrypt('{"TOKEN": ["no"]}'))
  await put("broken.age", await encrypt("TOKEN=a\nthis is hush-hush\n"))
  await put("half.age", await encrypt('{"TOKEN": hush-hush'))
  await put("not.age", "TOKEN=never encrypted\n")
  await put("other.key", `${await generateIdentity()}\n`)
  await put("ssh.key", "-----BEGIN OPENSSH PRIVATE KEY-----\nhush-hush\n")
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const reader = (environment: { readonly [name: string]: string } = {}): SecretReader =>
  secretReader({ directory, environment: { PATH: process.env.PATH ?? "", ...environment } })
const read = async (name: string, options: Parameters<typeof secret>[1], environment = {}): Promise<string> =>
  Buffer.from(await reader(environment)(secret(name, options))).toString()

const key = { identity: "age.key" }

describe("a secret", () => {
  it.each<readonly [string, string, Parameters<typeof secret>[1], string]>([
    ["a variable", "TOKEN", {}, "of the environment"],
    ["a file of lines", "TOKEN", { file: "secrets.age", ...key }, "plain value"],
    ["a line in single quotes", "QUOTED", { file: "secrets.age", ...key }, "a # b"],
    ["a line in double quotes", "LINES", { file: "./secrets.age", ...key }, 'one\ntwo "x"'],
    ["an armored file of JSON", "TOKEN", { file: "armored.age", ...key }, "of json"],
    ["a number in JSON", "PORT", { file: "armored.age", ...key }, "5432"],
    ["a command", "TOKEN", { command: ["printf", "two\\nlines\\n\\n"] }, "two\nlines\n"],
    ["a command that ends without a line end", "TOKEN", { command: ["printf", "x"] }, "x"],
    ["a command's words as they are", "TOKEN", { command: ["echo", "$HOME; *"] }, "$HOME; *"],
  ])("comes from %s", async (_, name, options, value) => {
    expect(await read(name, options, { TOKEN: "of the environment" })).toBe(value)
  })

  it("comes from a file whose key the environment names", async () => {
    const environment = { FIRECLAY_AGE_KEY_FILE: join(directory, "age.key") }
    expect(await read("TOKEN", { file: "secrets.age" }, environment)).toBe("plain value")
  })

  it("runs a command once, whoever asks", async () => {
    const ask = reader()
    const reference = secret("TOKEN", { command: ["sh", "-c", "echo x >> asked; echo value"] })
    await Promise.all([ask(reference), ask(reference), ask({ ...reference, secret: "OTHER" })])
    expect(await read("COUNT", { command: ["sh", "-c", "wc -l < asked"] })).toBe("1")
  })
})

describe("a secret that cannot be had", () => {
  it.each<readonly [string, string, Parameters<typeof secret>[1], string, string]>([
    ["no variable", "TOKEN", {}, "FC_SECRET_MISSING", "is not there: no variable TOKEN"],
    ["an empty variable", "BLANK", {}, "FC_SECRET_MISSING", "is empty"],
    ["no such line", "OTHER", { file: "secrets.age", ...key }, "FC_SECRET_MISSING", "no line OTHER=… in secrets.age"],
    ["an empty line", "EMPTY", { file: "secrets.age", ...key }, "FC_SECRET_MISSING", "is empty"],
    ["a silent command", "TOKEN", { command: ["true"] }, "FC_SECRET_MISSING", "is empty: true printed nothing"],
    ["a failing command", "TOKEN", { command: ["false"] }, "FC_SECRET_MISSING", "ended with 1"],
    ["no such command", "TOKEN", { command: ["no-such-program"] }, "FC_MISSING_TOOL", "no-such-program"],
    ["no file", "TOKEN", { file: "none.age", ...key }, "FC_SECRET_FILE", "the file of secrets is not there"],
    ["no key", "TOKEN", { file: "secrets.age", identity: "none.key" }, "FC_SECRET_FILE", "the key of age is not there"],
    [
      "another key",
      "TOKEN",
      { file: "secrets.age", identity: "other.key" },
      "FC_SECRET_FILE",
      "could not be decrypted",
    ],
    ["a key of ssh", "TOKEN", { file: "secrets.age", identity: "ssh.key" }, "FC_SECRET_FILE", "not one of age's"],
    ["a file in the clear", "TOKEN", { file: "not.age", ...key }, "FC_SECRET_FILE", "could not be decrypted"],
    ["a line that is none", "TOKEN", { file: "broken.age", ...key }, "FC_SECRET_FILE", "line 2 is not NAME=value"],
    ["half an object", "TOKEN", { file: "half.age", ...key }, "FC_SECRET_FILE", "begins like JSON but is none"],
    ["a list", "TOKEN", { file: "list.age", ...key }, "FC_SECRET_FILE", "the value of TOKEN is no text"],
  ])("%s", async (_, name, options, code, message) => {
    const error = await caught(() => read(name, options, { BLANK: "" }))
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)])
    expect(error.remedy).toMatch(/\S/)
    expect(JSON.stringify([error.message, error.details, error.remedy, String(error.cause)])).not.toContain("hush-hush")
  })
})
