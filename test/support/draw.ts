/** Numbers that look drawn and are the same each time. */
export interface Draw {
  /** From 0 to below 1. */
  readonly uniform: () => number
  /** Of mean 0 and standard deviation 1. */
  readonly normal: () => number
  /** Around a middle, as measured times are: never below 0, with a long end upwards. */
  readonly near: (middle: number, noise: number) => number
}

export const drawFrom = (seed: number): Draw => {
  const uniform = mulberry32(seed)
  // Box and Muller.
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  return { uniform, normal, near: (middle, noise) => middle * Math.exp(noise * normal()) }
}

const mulberry32 = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
