import type { MachineFacts } from "../../contract/index.ts"

/**
 * @param listed addresses, apart by spaces, as `hostname -I` prints them
 * @param routes `/proc/net/route`: networks as little-endian hexadecimal
 */
export const addressesOf = (listed: string, routes: string): MachineFacts["addresses"] => {
  const all = listed.split(/\s+/)
  const v4 = all.filter((address) => numberOf(address) !== undefined).toSorted()
  const v6 = all.filter((address) => /^[0-9a-f:.]*:[0-9a-f:.]*$/.test(address) && address.length <= 45).toSorted()
  const leading = leadingOut(v4, routes) ?? v4[0] ?? v6[0]
  return { v4, v6, ...(leading === undefined ? {} : { default: leading }) }
}

const numberOf = (address: string): number | undefined => {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.slice(1).map(Number)
  if (parts === undefined || parts.some((part) => part > 255)) return undefined
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}

/** The address on a network of the interface that the default route takes. */
const leadingOut = (addresses: readonly string[], routes: string): string | undefined => {
  const rows = routes
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"))
  const out = rows.filter(([, destination, , , , , , mask]) => destination === zero && mask === zero)
  const [first] = out.toSorted((a, b) => Number(a[6]) - Number(b[6]))
  const networks = rows.filter(
    ([name, destination, gateway]) => name === first?.[0] && gateway === zero && destination !== zero,
  )
  return addresses.find((address) =>
    networks.some(([, destination = zero, , , , , , mask = zero]) => {
      const bits = fromLittleEndian(mask)
      return ((numberOf(address) ?? 0) & bits) >>> 0 === (fromLittleEndian(destination) & bits) >>> 0
    }),
  )
}

const zero = "00000000"

const fromLittleEndian = (hex: string): number =>
  Number.parseInt(hex.match(/../g)?.toReversed().join("") ?? "0", 16) >>> 0
