import { readFile } from "node:fs/promises"
import { basename } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { defineConfig } from "tsdown"

/** `new URL("./library.sh", import.meta.url)`: a file that is read at run time travels with the bundle. */
const fileReference = /new URL\("(\.\/[^"]+\.sh)", import\.meta\.url\)/g

/**
 * Node makes an ES module of one of its own by reading all that it exports, which loads much that nobody asked for, and
 * all of that before the first connection.
 */
const builtinImport = /^import (?:(\w[\w$]*)|\{([^}]*)\}) from "(node:[\w/]+)";$/gm

const takeBuiltin = (_: string, whole: string | undefined, names: string | undefined, module: string): string =>
  `const ${whole ?? `{${(names ?? "").replaceAll(" as ", ": ")}}`} = process.getBuiltinModule("${module}");`

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
    alwaysBundle: [
      /^@babel\/parser$/,
      /^magic-string$/,
      /^@jridgewell\//,
      /^age-encryption$/,
      /^@noble\//,
      /^commander$/,
      /^diff$/,
      /^zod($|\/)/,
    ],
  },
  outputOptions: {
    chunkFileNames: "chunks/[name]-[hash].js",
    assetFileNames: "files/[name][extname]",
    // What is always loaded together: each file more takes Node more time.
    codeSplitting: {
      groups: [
        {
          name: "start",
          test: /src\/(schema\/closest|core\/redact|contract\/error|cli\/(commands|output|own-files|peek|render\/printable)\.ts)/,
        },
        { name: "library", test: /src\/(contract|schema|spec|resources|strategies)\/|node_modules\/zod\// },
        { name: "connect", test: /src\/(system|machines|builtin\/connections|cli\/(config|hosts|early))/ },
        { name: "work", test: /src\/(core\/|cli\/(command|confirm|planning|plan-file|render\/(plan|rollout))\.ts)/ },
      ],
    },
  },
  plugins: [
    {
      name: "builtins-as-they-are",
      renderChunk: (code) => ({ code: code.replaceAll(builtinImport, takeBuiltin), map: null }),
    },
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
