import type { Point } from "./points.ts"

export const kinds = ["script", "controller", "connection", "cable", "power", "full"] as const
export type Kind = (typeof kinds)[number]

/** One fault to be injected. */
export interface Fault {
  readonly kind: Kind
  readonly point: Point
  /** Milliseconds after the point was passed; 0: exactly there, the program waiting to begin. */
  readonly delayMs: number
  /**
   * Of the two ways that a fault can end, the second: the controller's death and the lost connection are found out by
   * the deadline alone, without any contact; the machine that lost its power is left alone after it has booted.
   */
  readonly alone: boolean
}

/**
 * Faults of every kind, between every two steps and inside every step, over and over until there are `count` of them;
 * where fewer are asked for, spread evenly over kinds and steps. Equal seeds choose equal faults.
 */
export const chooseFaults = (points: readonly Point[], seed: number, count: number): readonly Fault[] => {
  const random = generator(seed)
  const places = [...Map.groupBy(points, ({ journal }) => journal).values()]
  const whole = places.length * kinds.length
  return Array.from({ length: count }, (_, index) => {
    const turn = index % whole
    const place = places[count < whole ? Math.floor((index * places.length) / count) : Math.floor(turn / kinds.length)]
    const point = place?.[Math.floor(random() * place.length)]
    const kind = kinds[index % kinds.length]
    if (point === undefined || kind === undefined) throw new Error("there are no points")
    return { kind, point, delayMs: random() < 0.3 ? Math.ceil(random() * 60) : 0, alone: random() < 0.5 }
  })
}

/** Mulberry32: small, and the same everywhere. */
const generator = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
