/** A clock that goes on as soon as everybody waits: hours pass in the time that it takes to compute what happens in them. */
export interface VirtualClock {
  /** Milliseconds. */
  readonly now: () => number
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Ends all that sleep, for good. */
  readonly stop: () => void
}

interface Sleeper {
  readonly atMs: number
  readonly wake: () => void
}

export const virtualClock = (beganMs = Date.parse("2026-01-01T00:00:00Z")): VirtualClock => {
  let nowMs = beganMs
  let sleepers: Sleeper[] = []
  let isPumping = false
  const pump = (): void => {
    isPumping = false
    const first = sleepers.reduce<Sleeper | undefined>(
      (soonest, sleeper) => (soonest === undefined || sleeper.atMs < soonest.atMs ? sleeper : soonest),
      undefined,
    )
    if (first === undefined) return
    sleepers = sleepers.filter((sleeper) => sleeper !== first)
    nowMs = Math.max(nowMs, first.atMs)
    first.wake()
    ensurePumping()
  }
  // Once nothing else is left to do in this turn: then all that can happen at this moment has happened.
  const ensurePumping = (): void => {
    if (isPumping || sleepers.length === 0) return
    isPumping = true
    setImmediate(pump)
  }
  return {
    now: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) return resolve()
        const sleeper = { atMs: nowMs + ms, wake: resolve }
        sleepers.push(sleeper)
        const leave = (): void => {
          sleepers = sleepers.filter((other) => other !== sleeper)
          resolve()
        }
        signal?.addEventListener("abort", leave, { once: true })
        ensurePumping()
      }),
    stop: () => {
      sleepers = []
    },
  }
}
