import { closest } from "../schema/closest.ts"
import { type FoundHost, inventoryError } from "./place.ts"

/**
 * Servers from a value: a string, a list, or a map by names, of strings or of objects with a host's keys.
 *
 * @throws FireclayError FC_INVENTORY, which names keys and never values
 */
export const readHosts = (value: unknown, at: string): readonly FoundHost[] => {
  if (typeof value === "string" || isHost(value)) return [readHost(value, undefined, at)]
  const hosts = Array.isArray(value)
    ? value.map((item, index) => readHost(item, undefined, `${at}[${index}]`))
    : isObject(value)
      ? Object.entries(value).map(([name, item]) => readHost(item, name, `${at}[${JSON.stringify(name)}]`))
      : undefined
  if (hosts === undefined) throw inventoryError("the value is not a string, a list or a map", at)
  if (hosts.length === 0) throw inventoryError("there are no hosts in it", at, "terraform apply")
  return hosts
}

/** A string within a value: `public_ip`, `network_interface.0.access_config.0.nat_ip`. */
export const addressAt = (value: unknown, path: string, at: string): string => {
  let current = value
  for (const key of path.split(".")) {
    const inside: { readonly [key: string]: unknown } | undefined =
      typeof current === "object" && current !== null ? { ...current } : undefined
    if (inside === undefined || !Object.hasOwn(inside, key)) {
      const guess = closest(key, Object.keys(inside ?? {}))
      throw inventoryError(
        `there is no attribute ${path}`,
        at,
        guess === undefined ? undefined : `did you mean "${guess}"?`,
      )
    }
    current = inside[key]
  }
  if (typeof current === "string" && current !== "") return current
  const why = current === "" || current === null ? "is empty" : "is not a string"
  throw inventoryError(`the attribute ${path} ${why}`, at)
}

type Json = { readonly [key: string]: unknown }

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

/** What says where a host is; the first that is there. */
const addresses = ["destination", "address", "host", "public_ip", "private_ip", "ip"]

const isHost = (value: unknown): boolean => isObject(value) && addresses.some((key) => typeof value[key] === "string")

const readHost = (value: unknown, name: string | undefined, at: string): FoundHost => {
  if (typeof value === "string" && value !== "") return { name: name ?? value, destination: value, at }
  const key = isObject(value) ? addresses.find((candidate) => typeof value[candidate] === "string") : undefined
  if (!isObject(value) || key === undefined)
    throw inventoryError(
      "this is not a host",
      at,
      `a host is an address, or an object with ${addresses.slice(0, 3).join(", ")} …`,
    )
  const destination = String(value[key])
  const identityFile = text(value, "identityFile", at) ?? text(value, "identity_file", at)
  const port = portOf(value, at)
  const user = text(value, "user", at)
  return {
    name: text(value, "name", at) ?? name ?? destination,
    destination,
    at,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(identityFile === undefined ? {} : { identityFile }),
    ...(value.sudo === true ? { sudo: true } : {}),
    ...(Array.isArray(value.tags) ? { tags: value.tags.map(String) } : {}),
  }
}

const text = (value: Json, key: string, at: string): string | undefined => {
  const found = value[key] ?? undefined
  if (found === undefined || typeof found === "string") return found
  throw inventoryError(`${key} is not a string`, at)
}

const portOf = ({ port }: Json, at: string): number | undefined => {
  if (port === undefined || port === null) return undefined
  const value = Number(port)
  if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value
  throw inventoryError("port is not a port", at, "use a whole number from 1 to 65535")
}
