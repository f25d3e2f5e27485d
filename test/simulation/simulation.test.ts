import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { scaleOf, simulateScale } from "./scale.ts"
import { caseOf, policies, simulate } from "./simulate.ts"

/** `npm run test:simulation` asks for many more. */
const runs = Number(process.env.FIRECLAY_SIMULATIONS ?? 60)

describe(`${runs} rollouts by each strategy, with faults and timings by chance`, () => {
  it.each(Object.entries(policies))(
    "%s terminates, keeps its promises, leads back what fails, and is resumed from anywhere",
    async (_, policy) => {
      await fc.assert(
        fc.asyncProperty(caseOf(policy), async (which) => {
          expect(await simulate(which)).toEqual([])
        }),
        { numRuns: runs },
      )
    },
    3_600_000,
  )
})

describe(`${runs} scales by each strategy, with faults and timings by chance`, () => {
  it.each(Object.entries(policies))(
    "%s terminates, never goes below the lower number, and ends at the one or the other",
    async (_, policy) => {
      await fc.assert(
        fc.asyncProperty(scaleOf(policy), async (which) => {
          expect(await simulateScale(which)).toEqual([])
        }),
        { numRuns: runs },
      )
    },
    3_600_000,
  )
})
