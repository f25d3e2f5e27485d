/** What became of each request, one row each, in the order in which they were due. */
export interface Samples {
  readonly count: number
  /** When it was due, in milliseconds since the load began. */
  readonly dueMs: Float64Array
  /** From when it was due until its answer was read or had failed. */
  readonly latencyMs: Float64Array
  /** Index into `outcomes`; 0 is a success. */
  readonly outcome: Uint16Array
  readonly outcomes: readonly string[]
  /** Index into `classes`; 0 for what did not succeed. */
  readonly class: Uint16Array
  readonly classes: readonly string[]
}

/** Rows of numbers that grow; 22 bytes for a request. */
export class Recorder {
  #dueMs = new Float64Array(4096)
  #latencyMs = new Float64Array(4096)
  #outcome = new Uint16Array(4096)
  #class = new Uint16Array(4096)
  readonly #outcomes = ["ok"]
  readonly #classes = [""]
  count = 0

  /** Opens a row for a request that is due now, and answers its number. */
  open(dueMs: number): number {
    if (this.count === this.#dueMs.length) this.#grow()
    this.#dueMs[this.count] = dueMs
    return this.count++
  }

  succeed(row: number, atMs: number, name: string): void {
    this.#class[row] = indexOf(this.#classes, name)
    this.#latencyMs[row] = atMs - (this.#dueMs[row] ?? 0)
  }

  fail(row: number, atMs: number, reason: string): void {
    this.#outcome[row] = indexOf(this.#outcomes, reason)
    this.#latencyMs[row] = atMs - (this.#dueMs[row] ?? 0)
  }

  samples(): Samples {
    return {
      count: this.count,
      dueMs: this.#dueMs.slice(0, this.count),
      latencyMs: this.#latencyMs.slice(0, this.count),
      outcome: this.#outcome.slice(0, this.count),
      outcomes: [...this.#outcomes],
      class: this.#class.slice(0, this.count),
      classes: [...this.#classes],
    }
  }

  #grow(): void {
    const length = this.count * 2
    const longer = <T extends Float64Array | Uint16Array>(rows: T, larger: T): T => {
      larger.set(rows)
      return larger
    }
    this.#dueMs = longer(this.#dueMs, new Float64Array(length))
    this.#latencyMs = longer(this.#latencyMs, new Float64Array(length))
    this.#outcome = longer(this.#outcome, new Uint16Array(length))
    this.#class = longer(this.#class, new Uint16Array(length))
  }
}

/** Index 0 has a meaning of its own and is never given to a name. */
const indexOf = (names: string[], name: string): number => {
  const known = names.indexOf(name, 1)
  return known >= 0 ? known : names.push(name) - 1
}
