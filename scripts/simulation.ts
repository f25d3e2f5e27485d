// `npm run test:simulation`: 10,000 rollouts by each strategy, in virtual time, with faults, deaths of the controller and
// timings by chance. `-- --quick` plays 1,000 of each.
import { spawnSync } from "node:child_process"
import { join } from "node:path"

const runs = process.argv.includes("--quick") ? 1_000 : 10_000
const root = join(import.meta.dirname, "..")
const { status } = spawnSync(
  process.execPath,
  [join(root, "node_modules", "vitest", "vitest.mjs"), "run", "--project", "unit", "test/simulation"],
  { cwd: root, stdio: "inherit", env: { ...process.env, FIRECLAY_SIMULATIONS: String(runs) } },
)
process.exitCode = status ?? 1
