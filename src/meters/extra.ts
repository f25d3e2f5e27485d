/** How many machines ran, from then on. */
export interface MachineCount {
  readonly atMs: number
  readonly machines: number
}

/** Machines beyond the steady number, times how long they ran: each count holds until the next, the last one for no time. */
export const extraMachineSeconds = (samples: readonly MachineCount[], steady: number): number =>
  samples.reduce((seconds, { atMs, machines }, index) => {
    const untilMs = samples[index + 1]?.atMs ?? atMs
    return seconds + (Math.max(0, machines - steady) * (untilMs - atMs)) / 1000
  }, 0)
