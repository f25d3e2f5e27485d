import { readFileSync } from "node:fs"
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
