import { defineConfig } from "vitest/config"

const source = { resolve: { conditions: ["fireclay-source"] }, ssr: { resolve: { conditions: ["fireclay-source"] } } }

/** Tests that start machines, servers or routers: one file at a time, for they share ports and two cores. */
const real = [
  "test/e2e/**/*.test.ts",
  "test/engines/**/*.test.ts",
  "test/faults/**/*.test.ts",
  "test/machines/**/*.test.ts",
  "test/routers/**/*.test.ts",
  "test/probes/load.test.ts",
]

export default defineConfig({
  test: {
    projects: [
      {
        ...source,
        test: { name: "unit", include: ["test/**/*.test.ts"], exclude: real, isolate: false, testTimeout: 180_000 },
      },
      {
        ...source,
        test: {
          name: "real",
          include: real,
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          teardownTimeout: 60_000,
        },
      },
    ],
  },
})
