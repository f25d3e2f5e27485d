import { FireclayError, type SshHost } from "../contract/index.ts"

/** A file that hosts are read from, as its user wrote its name. */
export interface Text {
  readonly file: string
  readonly text: string
}

/** Something that an inventory says, and where: `hosts.ini:12`. */
export interface Said {
  readonly value: unknown
  readonly at: string
}

/** A server as a file says it, not yet checked, and where. */
export type FoundHost = Omit<SshHost, "sudo"> & { readonly sudo?: boolean; readonly at: string }

/** What is wrong with a file that hosts are read from. */
export const inventoryError = (
  message: string,
  at: string,
  remedy?: string,
  details: readonly string[] = [],
): FireclayError =>
  new FireclayError("FC_INVENTORY", message, { at, details, ...(remedy === undefined ? {} : { remedy }) })
