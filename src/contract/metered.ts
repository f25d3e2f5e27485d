/** A machine that runs on this computer, as whoever measures it has to know it. */
export interface MeteredMachine {
  readonly name: string
  /** Its first process, as this computer numbers it. */
  readonly pid: number
  /** What stands in the name of its control group. */
  readonly group: string
}

/** What an engine tells of its machines so that their use of this computer can be measured from outside. */
export interface Metered {
  /** Those that run now, on this computer. Asked ten times a second. */
  readonly machines: () => Promise<readonly MeteredMachine[]>
  /** Processes that make machines and run all the time, such as a daemon. */
  readonly makers: () => Promise<readonly number[]>
  /** What all that it keeps takes on the disk: images, layers, what machines wrote, volumes. */
  readonly keptBytes: () => Promise<number>
}
