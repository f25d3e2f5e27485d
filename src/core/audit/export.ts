import type { Store } from "../../contract/index.ts"

/** What an event without one before it follows. */
const nothing = "0".repeat(64)

/**
 * The log as JSON Lines, one event each, with what it takes to check them elsewhere: `hash` is the sha256, in hexadecimal,
 * of the JSON, without spaces and with sorted keys, of `at`, `body`, `fleet`, `kind`, `number`, `previous` and `who`.
 */
export const exportLog = async (store: Store): Promise<readonly string[]> => {
  const identity = await store.identity()
  const events = await store.events()
  return events.map((event, index) =>
    JSON.stringify({ store: identity, ...event, previous: events[index - 1]?.hash ?? nothing }),
  )
}
