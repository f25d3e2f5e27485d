import type { Machine } from "../contract/index.ts"
import { localMachine } from "./local.ts"

export interface ScratchMachineOptions {
  readonly name: string
  readonly leader: () => Promise<number>
  /** Seconds since 1970: the only time that tools which honour `SOURCE_DATE_EPOCH` may write down. */
  readonly epoch: number
}

/** A machine to bake in: no services run, tools ask nothing and write no time of their own. */
export const scratchMachine = (options: ScratchMachineOptions): Machine =>
  localMachine({
    name: options.name,
    description: `scratch machine ${options.name}`,
    leader: options.leader,
    address: async () => "127.0.0.1",
    environment: { SOURCE_DATE_EPOCH: String(options.epoch), DEBIAN_FRONTEND: "noninteractive", ...proxies() },
  })

// Where packages are only reached through a proxy, that is as true inside.
const proxies = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ["http_proxy", "https_proxy", "no_proxy"].flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
