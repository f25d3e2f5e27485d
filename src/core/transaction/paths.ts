import type { Epoch } from "../../contract/index.ts"

/** Where Fireclay keeps what it knows, on every machine. Root only. */
export const home = "/var/lib/fireclay"

export const transactionDirectory = (id: string): string => `${home}/txn/${id}`

/** What a machine keeps tokens by: each store counts for itself, and in it each fleet. */
export const epochKey = ({ store, fleet }: Epoch): string => `${store}.${fleet}`

/** An epoch as the library reads it: `KEY TOKEN`. Neither part has anything in it that a shell would notice. */
export const epochWords = (epoch: Epoch): string => `${epochKey(epoch)} ${epoch.token}`
