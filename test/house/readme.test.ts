import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"

const root = join(import.meta.dirname, "..", "..")
const read = (path: string): string => readFileSync(join(root, path), "utf8")

it("shows the configuration that the demo runs", () => {
  const [, shown = ""] = /```ts\n\/\/ fireclay\.config\.ts\n([\s\S]*?)```/.exec(read("README.md")) ?? []
  expect(shown).toBe(read("examples/hello-flask/fireclay.config.ts"))
})

it("starts with the two commands", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Readonly<Record<string, string>> }
  const commands = [...read("README.md").matchAll(/^ {4}npm (?:run )?(\w+)/gm)].map((match) => match[1] ?? "")
  expect(commands.slice(0, 2)).toEqual(["demo", "test"])
  for (const command of commands) expect(scripts[command]).toBeTypeOf("string")
})

it("names every example, each of which says itself what it is, and is tried by a test", () => {
  const tried = read("test/e2e/examples.test.ts")
  for (const name of readdirSync(join(root, "examples"))) {
    expect(read("README.md")).toContain(`](examples/${name})`)
    expect(read(`examples/${name}/README.md`)).toMatch(new RegExp(`^# ${name}\n`))
    expect(tried).toContain(`describe("examples/${name}"`)
  }
})
