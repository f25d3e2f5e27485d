import { setTimeout as sleep } from "node:timers/promises"
import { loadBundle, readFleet, releaseOf } from "../../src/core/index.ts"
import { runningOf, unitsOf } from "../../src/core/process.ts"
import { httpProbe } from "../../src/probes/index.ts"
import type { Site } from "./site.ts"

/**
 * Milliseconds from asking for so many more instances of what a site serves, side by side, to the first good answer of the
 * last of them. Nothing else goes on.
 */
export const startAlone = (site: Site, count: number): Promise<number> =>
  site.withBench(async (bench, fleet) => {
    const engine = bench.engine(fleet)
    const record = await readFleet(bench.store, fleet.name)
    const { manifest } = await loadBundle(bench.store, releaseOf(record, record.current ?? 0))
    const image = (await engine.list()).find(({ release }) => release === record.current)?.image
    const { port, health } = manifest
    if (image === undefined || port === undefined || health === undefined) throw new Error("nothing serves")
    const running = runningOf(fleet, manifest, await unitsOf(engine, fleet, image))
    const names = Array.from({ length: count }, (_, index) => `alone-${index + 1}`)
    const began = performance.now()
    const answers = await Promise.all(
      names.map(async (name) => {
        const want = { name, from: { image }, fleet: "alone", volumes: [], scratch: [], ...running }
        const { address } = await engine.create(want)
        return httpProbe({ address, port, health })
      }),
    )
    const took = performance.now() - began
    await Promise.all(names.map((name) => engine.remove(name)))
    if (answers.some(({ healthy }) => !healthy)) throw new Error("one did not become healthy")
    await sleep(settleMs)
    return took
  })

/** What the one before left to be tidied is not the next one's business. */
const settleMs = 300
