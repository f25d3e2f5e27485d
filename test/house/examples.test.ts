import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { run } from "../../src/system/process.ts"

const root = join(import.meta.dirname, "..", "..")

/** Rooms whose docstrings show users how to call something. */
const rooms = ["contract", "engines", "machines", "resources", "spec", "strategies"]

interface Example {
  readonly file: string
  readonly code: string
}

const examplesIn = (file: string): readonly Example[] =>
  [...readFileSync(join(root, "src", file), "utf8").matchAll(/ \* @example\n((?: \* (?!@).*\n)+)/g)].map(
    ([, lines = ""]) => ({
      file,
      code: lines.replaceAll(/^ \* /gm, ""),
    }),
  )

const examples = rooms
  .flatMap((room) =>
    readdirSync(join(root, "src", room), { recursive: true, encoding: "utf8" }).map((name) => join(room, name)),
  )
  .filter((name) => name.endsWith(".ts"))
  .flatMap(examplesIn)

/** The pages of the guide whose pieces of code are compiled too. */
const pages = ["hosts.md"]

const examplesOn = (page: string): readonly Example[] =>
  [...readFileSync(join(root, "docs", "guide", page), "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
    ([, code = ""]) => ({ file: page, code }),
  )

/** What an example may take as given. */
const prelude = `import { allAtOnce, ansibleInventory, blueGreen, canary, commandCheck, debian, docker, errorRate, fleet, FireclayError, from, httpCheck, image, immutable, inPlace, key, latency, local, procfile, replace, rolling, rollingWithAdditionalBatch, secret, spec, ssh, tagged, terraform, type Spec } from "fireclay"
import { directory, file, line, pkg, service, user } from "fireclay/resources"
import { Roster } from "SRC/contract/index.ts"
import { dockerEngine, localEngine } from "SRC/engines/index.ts"
import { localMachine } from "SRC/machines/index.ts"
declare const app: Spec
export const given = [allAtOnce, ansibleInventory, blueGreen, canary, commandCheck, debian, docker, errorRate, fleet, FireclayError, from, httpCheck, image, immutable, inPlace, key, latency, local, procfile, replace, rolling, rollingWithAdditionalBatch, secret, spec, ssh, tagged, terraform, directory, file, line, pkg, service, user, dockerEngine, localEngine, localMachine, Roster, app]
`

it("compiles every example of a docstring", async () => {
  expect(examples.length).toBeGreaterThan(10)
  const directory = mkdtempSync(join(root, "test", "house", ".examples-"))
  try {
    const functions = [...examples, ...pages.flatMap(examplesOn)].map(
      ({ file, code }, index) => `// ${file}\nexport const example${index} = async () => {\n${code}}\n`,
    )
    writeFileSync(join(directory, "examples.ts"), prelude.replaceAll("SRC", "../../../src") + functions.join("\n"))
    writeFileSync(
      join(directory, "tsconfig.json"),
      JSON.stringify({ extends: "../../../tsconfig.json", include: ["examples.ts"] }),
    )
    const { exitCode, stdout } = await run([join(root, "node_modules", ".bin", "tsc"), "-p", directory])
    expect(stdout.toString()).toBe("")
    expect(exitCode).toBe(0)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
