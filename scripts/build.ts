// `npm run build`: the command line and the library as plain JavaScript in dist, with types. The package that
// `npm pack` makes of it needs nothing else. `-- DIRECTORY` builds to another place.
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync, rmSync } from "node:fs"
import { join, resolve } from "node:path"

const root = join(import.meta.dirname, "..")
const dist = resolve(process.argv[2] ?? join(root, "dist"))

/** Under this very Node: the one that `env` would find may be older. */
const run = (name: string, words: readonly string[]): void => {
  const program = join(root, "node_modules", ".bin", name)
  const { status, error } = spawnSync(process.execPath, [program, ...words], { cwd: root, stdio: ["ignore", 2, 2] })
  if (error !== undefined) throw error
  if (status !== 0) process.exit(status ?? 1)
}

rmSync(dist, { recursive: true, force: true })
run("tsdown", ["--logLevel", "warn", "--out-dir", dist])
run("tsc", ["--project", join(root, "tsconfig.build.json"), "--outDir", dist])

const scripts = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"))
const bytes = scripts.reduce((sum, file) => sum + readFileSync(join(dist, file)).length, 0)
console.error(`${dist}: ${scripts.length} files, ${Math.round(bytes / 1000)} kB`)
