import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { builtinModules } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { run } from "../../src/system/process.ts"

const root = join(import.meta.dirname, "../..")

/** What `npm pack` puts into the package, in a directory that has nothing else. */
let installed: string
beforeAll(async () => {
  installed = mkdtempSync(join(tmpdir(), "fireclay-package-"))
  const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { files: readonly string[] }
  for (const file of ["package.json", ...files.filter((name) => name !== "dist" && !name.startsWith("!"))])
    cpSync(join(root, file), join(installed, file), { recursive: true })
  const built = await run([process.execPath, join(root, "scripts", "build.ts"), join(installed, "dist")])
  expect(built.exitCode, built.stderr.toString()).toBe(0)
}, 60_000)
afterAll(() => rmSync(installed, { recursive: true, force: true }))

const fireclay = async (
  ...words: readonly string[]
): Promise<{ readonly exitCode: number; readonly stdout: string }> => {
  const { PATH } = process.env
  const argv = [process.execPath, join(installed, "bin", "fireclay.js"), ...words]
  const { exitCode, stdout } = await run(argv, { cwd: installed, env: { PATH, HOME: installed } })
  return { exitCode, stdout: stdout.toString() }
}

const scripts = (): readonly (readonly [string, string])[] =>
  readdirSync(join(installed, "dist"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".js"))
    .map((name) => [name, readFileSync(join(installed, "dist", name), "utf8")])

describe("the package", () => {
  it("works where nothing else is installed", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }
    expect(await fireclay("--version")).toEqual({ exitCode: 0, stdout: `${version}\n` })
    expect((await fireclay("init", "shop")).exitCode).toBe(0)
    const { exitCode, stdout } = await fireclay("plan", "--json", "--detailed-exitcode", "-C", "shop")
    expect(exitCode).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, fleets: [{ fleet: "pets" }, { fleet: "cattle" }] })
    for (const example of readdirSync(join(root, "examples")))
      expect([example, (await fireclay("plan", "--json", "-C", `examples/${example}`)).exitCode]).toEqual([example, 0])
  })

  it("imports nothing that it does not bring, but for the test suites", () => {
    const imports =
      /^\s*(?:import|export)\b[^"'`\n]*? from "([^."][^"]*)"|\b(?:import|getBuiltinModule)\("([^."][^"]*)"\)/gm
    const imported = scripts().flatMap(([, text]) =>
      [...text.matchAll(imports)].map(([, name, lazy]) => name ?? lazy ?? ""),
    )
    const known = new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`)])
    // The text that `init` writes imports this package itself.
    const foreign = imported.filter((name) => !known.has(name) && !/^fireclay(\/|$)/.test(name))
    expect([...new Set(foreign)].filter((name) => name !== "vitest" && name !== "fast-check")).toEqual([])
    expect(imported).toContain("node:child_process")
  })

  it("has every file that it reads at run time", () => {
    const files = scripts().flatMap(([name, text]) =>
      [...text.matchAll(/new URL\("([^"]+)", import\.meta\.url\)/g)].map(([, path = ""]) =>
        join(installed, "dist", dirname(name), path),
      ),
    )
    expect(files.filter((file) => file.endsWith(".sh"))).not.toEqual([])
    expect(files.filter((file) => !existsSync(file))).toEqual([])
  })

  it("has types that a configuration is checked with", async () => {
    const directory = join(installed, "typed")
    expect((await fireclay("init", "typed")).exitCode).toBe(0)
    const modules = join(directory, "node_modules")
    cpSync(join(root, "node_modules", "@types", "node"), join(modules, "@types", "node"), { recursive: true })
    symlinkSync(join(root, "node_modules", "undici-types"), join(modules, "undici-types"))
    symlinkSync(installed, join(modules, "fireclay"))
    const compilerOptions = { module: "nodenext", strict: true, noEmit: true, skipLibCheck: false, types: ["node"] }
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }))
    writeFileSync(join(directory, "package.json"), '{ "type": "module" }')
    const check = async (): Promise<string> =>
      (await run([process.execPath, join(root, "node_modules", ".bin", "tsc"), "-p", directory])).stdout.toString()
    expect(await check()).toBe("")
    const config = join(directory, "fireclay.config.ts")
    writeFileSync(config, readFileSync(config, "utf8").replace("port: 8000", 'port: "8000"'))
    expect(await check()).toContain("Type 'string' is not assignable to type 'number'")
  }, 60_000)
})
