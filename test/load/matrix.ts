import type { MixOptions } from "../../src/probes/index.ts"
import { ensureDocker } from "../support/docker.ts"
import { type Cell, nameOf } from "./cells.ts"
import { openFleet } from "./fleet.ts"
import { changeUnderLoad, type Outcome, type Rates, thereAndBack } from "./run.ts"
import { startSwarm } from "./swarm.ts"

/** How many serve in each field. */
export const size = 3

/** What is sent to each field of the whole matrix: the two cores carry it besides everything else. */
export const wholeRates: Rates = {
  keptPerSecond: 550,
  freshPerSecond: 250,
  slowPerSecond: 3,
  slowMs: 5_000,
  uploadsPerSecond: 1,
  upload: { bytes: 4_000_000, sendMs: 3_000 },
  sockets: 20,
  timeoutMs: 30_000,
}

/** The same kinds, for those who have no time. */
export const quickRates: Rates = {
  ...wholeRates,
  keptPerSecond: 200,
  freshPerSecond: 80,
  slowMs: 1_000,
  upload: { bytes: 1_000_000, sendMs: 1_000 },
  sockets: 10,
}

export const requestsPerSecond = (rates: Omit<MixOptions, "url" | "classify">): number =>
  rates.keptPerSecond + rates.freshPerSecond + rates.slowPerSecond + rates.uploadsPerSecond

/** A fleet of its own, brought up at v1, taken to v2 and back under load, and removed. */
export const runCell = async (cell: Cell, rates: Rates, requests: number, members = size): Promise<Outcome> => {
  const daemon = cell.engine === "docker" ? await ensureDocker() : undefined
  const fleet = await openFleet(cell, members)
  try {
    await fleet.apply("v1")
    return await changeUnderLoad(thereAndBack(nameOf(cell), fleet), rates, requests)
  } finally {
    await fleet.dispose()
    await daemon?.dispose()
  }
}

export const swarmName = "Docker Swarm service update, start-first"

/** The same load and the same application, changed by Swarm. */
export const runSwarm = async (
  rates: Rates,
  requests: number,
): Promise<{ readonly outcome: Outcome; readonly settings: string }> => {
  const service = await startSwarm(size)
  try {
    const changes = ["v2", "v1"].map((to) => ({ to, make: () => service.update(to) }))
    const outcome = await changeUnderLoad({ name: swarmName, url: service.url, changes }, rates, requests)
    return { outcome, settings: service.settings }
  } finally {
    await service.dispose()
  }
}
