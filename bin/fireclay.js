#!/usr/bin/env node
// Plain JavaScript that an old Node can read, so that it fails with a sentence.
const [major, minor] = process.versions.node.split(".").map(Number)
if (major < 24 || (major === 24 && minor < 4)) {
  console.error(
    `fireclay needs Node 24.4 or newer; this is ${process.versions.node}\n  try  npm install --global node@24`,
  )
  process.exit(64)
}
const { enableCompileCache } = process.getBuiltinModule("node:module")
const { homedir } = process.getBuiltinModule("node:os")
// Not in the temporary directory, which is Node's default: others may write there, and this often runs as root.
enableCompileCache(`${process.env.XDG_CACHE_HOME || `${homedir()}/.cache`}/fireclay/node`)
const { existsSync } = process.getBuiltinModule("node:fs")
const source = new URL("../src/cli/main.ts", import.meta.url)
const built = new URL("../dist/cli/main.js", import.meta.url)
const { main } = await import((existsSync(source) && !process.env.FIRECLAY_BUILT ? source : built).href)
await main(process.argv.slice(2))
