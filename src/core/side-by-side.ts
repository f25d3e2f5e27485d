/**
 * How many machines are looked at at a time: what is asked of one, and what it answers, stays in memory for as long.
 * Their connections are made all at once before that, and take far longer than a look.
 */
const most = 12

/**
 * Looks at many machines, most of them side by side; answers in their order. The first failure is thrown, and no further
 * look begins after it.
 */
export const sideBySide = async <From, To>(
  all: readonly From[],
  look: (one: From) => Promise<To>,
): Promise<readonly To[]> => {
  const results: To[] = []
  const waiting = all.entries()
  let failed = false
  const lane = async (): Promise<void> => {
    for (const [index, one] of waiting) {
      if (failed) return
      results[index] = await look(one)
    }
  }
  const fail = (error: unknown): never => {
    failed = true
    throw error
  }
  await Promise.all(Array.from({ length: most }, () => lane().catch(fail)))
  return results
}
