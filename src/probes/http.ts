import { get } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import type { Probe, ProbeTarget } from "../contract/index.ts"

/**
 * Asks until `successes` good answers came in a row, or `withinMs` has passed. What refuses or drops the connection is
 * not there yet, and is asked again. An aborted probe answers unhealthy, with `cancelled`.
 */
export const httpProbe: Probe = async (options, signal) => {
  const { withinMs, successes } = options.health
  const begun = performance.now()
  const deadline = AbortSignal.timeout(withinMs)
  const stop = signal === undefined ? deadline : AbortSignal.any([deadline, signal])
  let good = 0
  let pauseMs = firstPauseMs
  let lastError = `no answer within ${withinMs} ms`
  while (!stop.aborted) {
    const failure = await tryOnce(options, stop)
    if (failure === undefined) {
      good += 1
      pauseMs = firstPauseMs
      if (good >= successes) return { healthy: true, afterMs: performance.now() - begun }
    } else {
      good = 0
      if (!stop.aborted) lastError = failure
    }
    await sleep(pauseMs, undefined, { signal: stop }).catch(() => undefined)
    if (failure !== undefined) pauseMs = Math.min(longestPauseMs, pauseMs * 1.3)
  }
  return { healthy: false, lastError: signal?.aborted === true ? "cancelled" : lastError }
}

const firstPauseMs = 5
const longestPauseMs = 500
const tryMs = 2000

/** What went wrong; `undefined`: a good answer, read to its end. */
const tryOnce = ({ address, port, health }: ProbeTarget, stop: AbortSignal): Promise<string | undefined> =>
  new Promise((resolve) => {
    const timeout = AbortSignal.timeout(tryMs)
    const signal = AbortSignal.any([stop, timeout])
    const fail = (error: NodeJS.ErrnoException): void =>
      resolve(timeout.aborted ? `no answer within ${tryMs / 1000} s` : (error.code ?? error.message))
    get({ host: address, port, path: health.path, agent: false, signal }, (response) => {
      const { statusCode = 0 } = response
      response.on("error", fail).resume()
      response.on("end", () => resolve(health.status.includes(statusCode) ? undefined : `status ${statusCode}`))
    }).on("error", fail)
  })
