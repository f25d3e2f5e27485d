import { hash } from "node:crypto"

/** JSON with sorted keys: equal data gives equal text. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, entry: unknown) =>
    typeof entry === "object" && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  )

/** Lower-case hexadecimal. */
export const sha256 = (data: string | Uint8Array): string => hash("sha256", data, "hex")

export const digestOf = (value: unknown): string => sha256(canonical(value))
