// debian: systemd-container mmdebstrap haproxy iproute2 iptables openssh-client
// `npm run compare:examples`: the reports of docs/compare, made anew by `fireclay compare`. Twenty to thirty minutes each; `-- NAME …`
// makes only those of these examples. Nothing else should be going on on the computer.
import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { redraw } from "../test/support/compare-report.ts"

const root = join(import.meta.dirname, "..")
const reports = join(root, "docs", "compare")

/** How many machines: as many as a computer of two cores carries without becoming what is measured. */
const sizes = ["--sizes", "1,2,4"]

const examples: readonly (readonly [name: string, words: readonly string[]])[] = [
  ["hello-flask", sizes],
  ["node-app", sizes],
  ["postgres-app", ["--rate", "100"]],
]

const measure = (wanted: readonly string[]): void => {
  mkdirSync(reports, { recursive: true })
  for (const [name, words] of examples.filter(([each]) => wanted.length === 0 || wanted.includes(each))) {
    const cli = [...process.execArgv, join(root, "bin", "fireclay.js"), "-C", join(root, "examples", name)]
    const argv = [...cli, "compare", "--to", "version-2", ...words, "--out", join(reports, `${name}.html`)]
    const { status } = spawnSync(process.execPath, argv, { stdio: "inherit" })
    if (status !== 0) process.exit(status ?? 1)
  }
}

const redrawAll = (): void => {
  for (const name of readdirSync(reports).filter((each) => each.endsWith(".html"))) {
    const file = join(reports, name)
    writeFileSync(file, redraw(readFileSync(file, "utf8")))
  }
}

const words = process.argv.slice(2)
if (words.includes("--redraw")) redrawAll()
else measure(words)
