import { describe, expect, it } from "vitest"
import { type Peeked, peek } from "../../src/cli/peek.ts"

const cases: readonly (readonly [argv: string, Peeked | undefined])[] = [
  ["plan", { options: {}, words: [] }],
  ["plan web cattle", { options: {}, words: ["web", "cattle"] }],
  ["-C shop apply web --yes", { options: { directory: "shop" }, words: ["web"] }],
  ["apply web -yCshop --json", { options: { directory: "shop" }, words: ["web"] }],
  ["-C shop status --directory=other", { options: { directory: "other" }, words: [] }],
  ["plan -c other.ts -o plan.json --detailed-exitcode", { options: { config: "other.ts" }, words: [] }],
  ["plan --on web-1 --only file:/etc/* --on=db", { options: { on: ["web-1", "db"] }, words: [] }],
  ["apply --color never -- web", { options: {}, words: ["web"] }],
  ["build web", undefined],
  ["exec web -- plan", undefined],
  ["help plan", undefined],
  ["plan --help", undefined],
  ["plan -h", undefined],
  ["plan --nothing-like-it", undefined],
  ["plan --on", undefined],
  ["", undefined],
]

describe("a look at a command line before it is parsed", () => {
  it.each(cases)("knows what to connect to for: fireclay %s", (argv, peeked) => {
    expect(peek(argv === "" ? [] : argv.split(" "), {})).toEqual(peeked)
  })

  it("takes the configuration that the environment names, unless the command line does", () => {
    const environment = { FIRECLAY_CONFIG: "elsewhere.ts" }
    expect(peek(["plan"], environment)?.options).toEqual({ config: "elsewhere.ts" })
    expect(peek(["plan", "--config", "here.ts"], environment)?.options).toEqual({ config: "here.ts" })
  })
})
