// Makes a fresh clone ready: npm packages, and the Debian packages that a script names. Runs under the machine's own
// Node (18 or later), hence plain JavaScript. Prints a line for each thing it does, on standard error, and nothing when
// all is there.
//
//     node scripts/setup.mjs [--debian "haproxy mmdebstrap"] [--for scripts/demo.ts]
//
// `--for` takes the packages from the script's own line `// debian: haproxy mmdebstrap`.
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const modules = join(root, "node_modules")
const stamp = join(modules, ".fireclay-lock")
const cache = join(modules, ".cache")
const keptCache = join(root, ".fireclay", "kept-cache")
const policyFile = "/usr/sbin/policy-rc.d"
const policyMark = "# fireclay setup: packages do not start their services"

class SetupError extends Error {}

const main = () => {
  const options = { debian: { type: "string", multiple: true }, for: { type: "string" } }
  const { values } = parseArgs({ options })
  ensureNpmPackages()
  const named = [...(values.debian ?? []), values.for === undefined ? "" : packagesOf(values.for)]
  ensureDebianPackages([
    ...new Set(
      named
        .join(" ")
        .split(/\s+/)
        .filter((name) => name !== ""),
    ),
  ])
}

const ensureNpmPackages = () => {
  restoreCache()
  const wanted = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex")
  if (existsSync(join(modules, ".bin", "node")) && read(stamp) === wanted) return
  const began = Date.now()
  keepCache()
  try {
    runQuietly(["npm", "ci", "--no-audit", "--no-fund"], { PATH: pathWithoutModules() })
  } finally {
    restoreCache()
  }
  writeFileSync(stamp, wanted)
  say(`npm packages installed (${secondsSince(began)} s)`)
}

/** `npm ci` empties node_modules; bases and images in the cache have nothing to do with it. */
const keepCache = () => {
  if (!existsSync(cache)) return
  mkdirSync(dirname(keptCache), { recursive: true })
  renameSync(cache, keptCache)
}

/** Also mends what an interrupted run has left. */
const restoreCache = () => {
  if (!existsSync(keptCache) || existsSync(cache)) return
  mkdirSync(modules, { recursive: true })
  renameSync(keptCache, cache)
}

/** npm must not run by the Node that it is about to replace. */
const pathWithoutModules = () =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .filter((entry) => entry !== join(modules, ".bin"))
    .join(delimiter)

/** The packages that a script names in a line of its own. */
const packagesOf = (script) => {
  const text = read(join(root, script))
  if (text === undefined) throw new SetupError(`there is no ${script}`)
  return text.match(/^\/\/ debian: (.+)$/m)?.[1] ?? ""
}

const ensureDebianPackages = (names) => {
  const missing = names.length === 0 ? [] : missingOf(names)
  if (missing.length === 0) return
  if (process.getuid?.() !== 0)
    throw new SetupError(
      `these Debian packages are missing, and installing them needs root: ${missing.join(" ")}\n  try  sudo apt-get install -y --no-install-recommends ${missing.join(" ")}`,
    )
  const began = Date.now()
  withoutServices(() => {
    runQuietly(["apt-get", "update", ...lockTimeout])
    runQuietly(install(missing))
  })
  say(`Debian packages installed: ${missing.join(" ")} (${secondsSince(began)} s)`)
}

const lockTimeout = ["-o", "DPkg::Lock::Timeout=300"]
const install = (names) => ["apt-get", "install", "-y", "--no-install-recommends", ...lockTimeout, ...names]

const missingOf = (names) => {
  const { error, stdout } = spawnSync("dpkg-query", ["-W", "-f=${db:Status-Status} ${Package}\n", ...names], {
    encoding: "utf8",
  })
  if (error !== undefined)
    throw new SetupError(`this is not a Debian system; it needs what these Debian packages hold: ${names.join(" ")}`)
  const installed = new Set(stdout.split("\n").filter((line) => line.startsWith("installed ")))
  return names.filter((name) => !installed.has(`installed ${name}`))
}

/** Debian starts what it installs; a router or a Docker daemon that nobody asked for would be in the way. */
const withoutServices = (work) => {
  if (read(policyFile)?.includes(policyMark)) rmSync(policyFile)
  const mine = !existsSync(policyFile)
  if (mine) writeFileSync(policyFile, `#!/bin/sh\n${policyMark}\nexit 101\n`, { mode: 0o755 })
  try {
    work()
  } finally {
    if (mine) rmSync(policyFile, { force: true })
  }
}

/** Shows what a program printed only if it fails. */
const runQuietly = (argv, environment = {}) => {
  const [program, ...rest] = argv
  const { error, status, signal, stdout, stderr } = spawnSync(program, rest, {
    cwd: root,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  })
  if (error?.code === "ENOENT") throw new SetupError(`${program} is not installed on this machine`)
  if (error !== undefined) throw error
  if (status === 0) return
  process.stderr.write(stdout + stderr)
  throw new SetupError(`${argv.join(" ")} ended with ${signal ?? status}; its output is above`)
}

const read = (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined)
const secondsSince = (began) => Math.round((Date.now() - began) / 1000)
const say = (line) => process.stderr.write(`setup: ${line}\n`)

// With a listener, Ctrl-C ends the program that runs, and the cleaning up above still happens.
let interrupted = false
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    interrupted = true
  })

try {
  main()
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  say(error.message)
  // A turn of the event loop, so that a signal is heard that came meanwhile.
  setImmediate(() => process.exit(interrupted ? 130 : 1))
}
