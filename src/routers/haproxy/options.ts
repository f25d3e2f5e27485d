import { lookup } from "node:dns/promises"
import { isIP } from "node:net"
import { type Backend, type BackendCheck, FireclayError } from "../../contract/index.ts"
import { defaultWeight, refuseWeight } from "../weight.ts"
import type { Check } from "./checks.ts"
import type { Placed } from "./config.ts"

export interface HaproxyOptions {
  readonly fleet: string
  /** Directory of this router's files; made when it is missing. No other router may use it. */
  readonly home: string
  /** The port to serve at. */
  readonly listen: number
  /** A second port, at which those answer that {@link Router.preview} names. Absent: there is none. */
  readonly preview?: number
  /** Name of a cookie by which a client keeps to the backend that it met, while that is ready. Absent: none is set. */
  readonly sticky?: string
  /** Address to listen on. Absent: 0.0.0.0, which is every IPv4 address of this machine. */
  readonly bind?: string
  /** For backends that say nothing themselves. Absent: one is up while it can be connected to. */
  readonly check?: BackendCheck
  /** How long a request waits when no backend is ready, before it gets 503. Absent: 5000; 0: not at all. */
  readonly holdMs?: number
  /** Absent: 1, good for about 20,000 requests a second. */
  readonly threads?: number
  /** The program to run. Absent: `haproxy`, as found on the PATH. */
  readonly program?: string
}

export const validate = (options: HaproxyOptions): void => {
  const { fleet, listen, preview, sticky, bind, holdMs = 0, threads = 1, check } = options
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(fleet)) throw refused(`"${fleet}" cannot be the name of a fleet`, fleet)
  if (!isPort(listen)) throw refused(`port ${listen} is out of range`, fleet)
  if (preview !== undefined && (!isPort(preview) || preview === listen))
    throw refused(`port ${preview} cannot be the one for previews`, fleet)
  if (sticky !== undefined && !/^[A-Za-z0-9_-]{1,64}$/.test(sticky))
    throw refused(`"${sticky}" cannot be the name of a cookie`, fleet)
  if (bind !== undefined && isIP(bind) === 0) throw refused(`"${bind}" is not an address to listen on`, fleet)
  if (!Number.isInteger(holdMs) || holdMs < 0) throw refused(`holdMs ${holdMs} is not a number of milliseconds`, fleet)
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) throw refused("threads must be 1 to 64", fleet)
  refuseCheck(check, fleet)
}

const refuseCheck = (check: Check | undefined, at: string): void => {
  if (check === undefined || check === "connect") return
  if (!/^\/[!-~]*$/.test(check.path)) throw refused(`"${check.path}" is not a path`, at)
  if (check.status?.some((status) => !Number.isInteger(status) || status < 100 || status > 599) === true)
    throw refused("a status to expect must be 100 to 599", at)
}

/** A backend that was admitted, before it is known whether it has a weight already. */
type Given = Omit<Placed, "weight"> & { readonly weight: number | undefined }

export const weighted = (given: Given): Placed => ({ ...given, weight: given.weight ?? defaultWeight })

export const renewed = (known: Placed, given: Given | undefined): Placed =>
  given === undefined ? known : { ...given, weight: given.weight ?? known.weight }

export const place = async (backend: Backend, asMade: Check): Promise<Given> => {
  const { id, address, port, weight, check = asMade } = backend
  if (!/^[A-Za-z0-9_.:-]{1,64}$/.test(id)) throw refused(`"${id}" cannot be the name of a backend`, id)
  if (!isPort(port)) throw refused(`port ${port} is out of range`, id)
  refuseWeight(weight, id)
  refuseCheck(check, id)
  const ip = isIP(address) > 0 ? address : await resolveName(address, id)
  return { id, address, port, ip, weight, check, state: "ready" }
}

const resolveName = async (name: string, id: string): Promise<string> => {
  try {
    return (await lookup(name)).address
  } catch (cause) {
    throw new FireclayError("FC_ROUTER", `the address ${name} of backend ${id} resolves to nothing`, { at: id, cause })
  }
}

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535

const refused = (message: string, at: string): FireclayError => new FireclayError("FC_ROUTER", message, { at })
