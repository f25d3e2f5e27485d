import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { type TamperingDocument, withTampering } from "../tampering/page.ts"

const root = join(import.meta.dirname, "../..")
const read = (path: string): string => readFileSync(join(root, path), "utf8")

it("shows what the run that is kept has found", () => {
  const page = read("docs/reference/tampering.md")
  const document = JSON.parse(read("bench/results/tampering.json")) as TamperingDocument
  expect(withTampering(page, document)).toBe(page)
})
