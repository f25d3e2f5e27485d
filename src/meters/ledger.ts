/** What one process is known to have used, by a figure that children hand to the parent that waits for them. */
export interface Entry {
  /** Tells it from a later one of the same number. */
  readonly key: string
  readonly pid: number
  readonly parent: number
  readonly used: number
}

export interface Ledger {
  /** All that was used by those that are there and those that were. */
  readonly total: (now: readonly Entry[]) => number
}

/**
 * Adds up processes that come and go. One that ends leaves what it used to its parent's figure; where no ancestor of it
 * lives on in the ledger, what was last seen of it is kept.
 */
export const openLedger = (): Ledger => {
  let before: readonly Entry[] = []
  let kept = 0
  return {
    total: (now) => {
      kept += sum(lost(before, new Set(now.map(({ key }) => key))).map(({ used }) => used))
      before = now
      return kept + sum(now.map(({ used }) => used))
    },
  }
}

/** Those that ended, and left what they used to nobody who is still there. */
const lost = (before: readonly Entry[], present: ReadonlySet<string>): readonly Entry[] => {
  const byPid = new Map(before.map((entry) => [entry.pid, entry]))
  const hasHeir = ({ parent }: Entry): boolean => {
    const above = byPid.get(parent)
    return above !== undefined && (present.has(above.key) || hasHeir(above))
  }
  return before.filter((entry) => !present.has(entry.key) && !hasHeir(entry))
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
