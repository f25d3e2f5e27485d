import { readFile } from "node:fs/promises"
import { basename } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { defineConfig } from "tsdown"

/** `new URL("./library.sh", import.meta.url)`: a file that is read at run time travels with the bundle. */
const fileReference = /new URL\("(\.\/[^"]+\.sh)", import\.meta\.url\)/g

export default defineConfig({
  entry: {
    "cli/main": "src/cli/main.ts",
    index: "src/index.ts",
    "resources/index": "src/resources/index.ts",
    "testing/index": "src/testing/index.ts",
  },
  outDir: "dist",
  format: "esm",
  platform: "node",
  target: "node24.4",
  fixedExtension: false,
  // Type declarations come from tsc: see scripts/build.ts.
  dts: false,
  // Nothing is a dependency of the package, so all that it needs is in it; what only its test suites need stays out.
  deps: {
    neverBundle: [/^vitest($|\/)/, /^fast-check$/],
    alwaysBundle: [/^age-encryption$/, /^@noble\//, /^commander$/, /^diff$/, /^zod($|\/)/],
  },
  outputOptions: { chunkFileNames: "chunks/[name]-[hash].js", assetFileNames: "files/[name][extname]" },
  plugins: [
    {
      name: "files-read-at-run-time",
      async transform(code, id) {
        const found = [...code.matchAll(fileReference)]
        if (found.length === 0) return null
        let changed = code
        for (const [whole, path = ""] of found) {
          const file = fileURLToPath(new URL(path, pathToFileURL(id)))
          const reference = this.emitFile({ type: "asset", name: basename(file), source: await readFile(file) })
          changed = changed.replace(whole, `new URL(import.meta.ROLLUP_FILE_URL_${reference})`)
        }
        return { code: changed, map: null }
      },
    },
  ],
})
