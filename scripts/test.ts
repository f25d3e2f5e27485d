// debian: systemd-container mmdebstrap haproxy iproute2 iptables openssh-client docker.io attr e2fsprogs docker-registry skopeo apache2-utils openssl podman catatonit chromium
// `npm test`: every check and every test, the ones on real machines included. Words after `--` go to the test runner.
import { spawnSync } from "node:child_process"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")
const bin = (name: string): string => join(root, "node_modules", ".bin", name)
const words = process.argv.slice(2)

const checks: readonly (readonly [string, readonly string[]])[] = [
  ["types", [bin("tsc"), "-p", root]],
  ["format and lint", [bin("biome"), "check", "--error-on-warnings", root]],
  ["unused code", [bin("knip"), "--no-progress"]],
  ["build", [process.execPath, "--conditions=fireclay-source", join(root, "scripts", "build.ts")]],
]

/** The whole runs on what is built, as users get it. */
const built = words.length === 0 ? { FIRECLAY_BUILT: "1" } : {}

const run = (argv: readonly string[]): number => {
  const [program = "", ...rest] = argv
  const env = {
    ...process.env,
    ...built,
    FIRECLAY_CACHE: process.env.FIRECLAY_CACHE ?? join(root, "node_modules", ".cache", "fireclay"),
  }
  return spawnSync(program, rest, { cwd: root, stdio: "inherit", env }).status ?? 1
}

const failed =
  words.length > 0
    ? []
    : checks.filter(([name, argv]) => {
        console.error(`check: ${name}`)
        return run(argv) !== 0
      })
const tests = run([bin("vitest"), "run", ...words])
for (const [name] of failed) console.error(`failed check: ${name}`)
process.exitCode = failed.length > 0 ? 1 : tests
