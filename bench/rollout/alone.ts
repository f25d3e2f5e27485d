import { setTimeout as sleep } from "node:timers/promises"
import { loadBundle, readFleet, releaseOf } from "../../src/core/index.ts"
import { runningOf, unitsOf } from "../../src/core/process.ts"
import { httpProbe } from "../../src/probes/index.ts"
import type { Site } from "./site.ts"

/** Milliseconds from asking for one more instance of what a site serves to its first good answer. Nothing else goes on. */
export const startAlone = (site: Site): Promise<number> =>
  site.withBench(async (bench, fleet) => {
    const engine = bench.engine(fleet)
    const record = await readFleet(bench.store, fleet.name)
    const { manifest } = await loadBundle(bench.store, releaseOf(record, record.current ?? 0))
    const image = (await engine.list()).find(({ release }) => release === record.current)?.image
    const { port, health } = manifest
    if (image === undefined || port === undefined || health === undefined) throw new Error("nothing serves")
    const running = runningOf(fleet, manifest, await unitsOf(engine, fleet, image))
    const began = performance.now()
    const { address } = await engine.create({
      ...{ name, from: { image }, fleet: "alone", volumes: [], scratch: [] },
      ...running,
    })
    const answer = await httpProbe({ address, port, health })
    const took = performance.now() - began
    await engine.remove(name)
    if (!answer.healthy) throw new Error(`it did not become healthy: ${answer.lastError}`)
    await sleep(settleMs)
    return took
  })

const name = "alone-1"

/** What the one before left to be tidied is not the next one's business. */
const settleMs = 300
