import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

const source = { resolve: { conditions: ["fireclay-source"] }, ssr: { resolve: { conditions: ["fireclay-source"] } } }

/** Tests that start machines, servers or routers: two files at a time, for they mostly wait. */
const real = [
  "test/e2e/**/*.test.ts",
  "test/engines/**/*.test.ts",
  "test/images/**/*.test.ts",
  "test/machines/**/*.test.ts",
  "test/routers/**/*.test.ts",
]

/** Of these each has the computer to itself: they compare all that is on it, or count on both cores. */
const alone = [
  "test/e2e/{compare,demo}.test.ts",
  "test/engines/local/*.test.ts",
  "test/faults/**/*.test.ts",
  "test/{kills,load}/**/*.test.ts",
  "test/meters/{docker,local}.test.ts",
  "test/probes/{load,mix,sockets}.test.ts",
]

/** Those of a minute and more, so that none of them is left to run by itself at the end. */
const long = /test\/(machines\/packages|e2e\/(foresight|packages|patch\.|drift(-fix)?\.))/

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): number => (long.test(moduleId) ? 1 : 0)
    return (await super.sort(files)).toSorted((a, b) => isLong(b) - isLong(a))
  }
}

const patient = { testTimeout: 300_000, hookTimeout: 300_000, teardownTimeout: 60_000 }

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        ...source,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...real, ...alone],
          isolate: false,
          testTimeout: 180_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...source,
        test: { name: "real", include: real, exclude: alone, maxWorkers: 2, sequence: { groupOrder: 1 }, ...patient },
      },
      {
        ...source,
        test: { name: "alone", include: alone, fileParallelism: false, sequence: { groupOrder: 2 }, ...patient },
      },
    ],
  },
})
