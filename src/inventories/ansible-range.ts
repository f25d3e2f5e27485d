import { inventoryError } from "./place.ts"

/** A host pattern of an inventory: the names that it stands for, and the port where it has one. */
export interface HostPattern {
  readonly names: readonly string[]
  readonly port?: number
}

/**
 * `web1`, `web1:2222`, `web[01:10].example.com`, `db[a:c]:5022`, `[2001:db8::1]:22`.
 *
 * @throws FireclayError FC_INVENTORY for a range that is none
 */
export const readHostPattern = (pattern: string, at: string): HostPattern => {
  if (/[^:]:$/.test(pattern))
    throw inventoryError(`"${pattern}" ends in a colon`, at, "a port stands behind it, or nothing")
  const { address, port } = splitPort(pattern)
  return { names: expand(address, at), ...(port === undefined ? {} : { port }) }
}

const splitPort = (pattern: string): { readonly address: string; readonly port?: number } => {
  const bracketed = /^\[([0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*)\](?::(\d+))?$/i.exec(pattern)
  if (bracketed !== null) return withPort(bracketed[1] ?? "", bracketed[2])
  // Colons within brackets belong to a range; more than one outside of them to an IPv6 address.
  const outside = pattern.replaceAll(/\[[^\]]*\]/g, (range) => "x".repeat(range.length))
  const colon = outside.indexOf(":")
  if (colon < 0 || outside.includes(":", colon + 1) || !/^\d+$/.test(pattern.slice(colon + 1)))
    return { address: pattern }
  return withPort(pattern.slice(0, colon), pattern.slice(colon + 1))
}

const withPort = (address: string, port: string | undefined): { readonly address: string; readonly port?: number } => ({
  address,
  ...(port === undefined ? {} : { port: Number(port) }),
})

const expand = (pattern: string, at: string): readonly string[] => {
  const [whole, range = ""] = /\[([^\]]*:[^\]]*)\]/.exec(pattern) ?? []
  if (whole === undefined) return [pattern]
  const start = pattern.indexOf(whole)
  const head = pattern.slice(0, start)
  return rangeOf(range, pattern, at).flatMap((middle) =>
    expand(pattern.slice(start + whole.length), at).map((tail) => `${head}${middle}${tail}`),
  )
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
const most = 10_000

const rangeOf = (range: string, pattern: string, at: string): readonly string[] => {
  const [from = "0", to = "", step = "1", ...more] = range.split(":")
  const begin = from === "" ? "0" : from
  const wrong = (why: string): Error => inventoryError(`the range in "${pattern}" ${why}`, at, "for example web[01:10]")
  if (more.length > 0 || to === "" || !/^[1-9]\d*$/.test(step)) throw wrong("cannot be read")
  const padded = begin.startsWith("0") && begin.length > 1
  if (padded && begin.length !== to.length) throw wrong("needs ends of one length")
  const numbers = /^\d+$/.test(begin) && /^\d+$/.test(to)
  const [first, last] = numbers ? [Number(begin), Number(to)] : [letters.indexOf(begin), letters.indexOf(to)]
  if (first < 0 || last < 0 || (!numbers && begin.length + to.length !== 2)) throw wrong("cannot be read")
  if (first > last) throw wrong("ends before it begins")
  const count = Math.floor((last - first) / Number(step)) + 1
  if (count > most) throw wrong(`stands for ${count} hosts`)
  return Array.from({ length: count }, (_, index) => {
    const value = first + index * Number(step)
    return numbers ? String(value).padStart(padded ? begin.length : 0, "0") : (letters[value] ?? "")
  })
}
