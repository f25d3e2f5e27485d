/** Bytes of a file that are worth showing as a diff. */
export const readableLimitBytes = 65_536

/** Text that people can be shown; `undefined`: it is missing, too long, or not UTF-8. */
export const readable = (bytes: Uint8Array | undefined): string | undefined => {
  if (bytes === undefined || bytes.length > readableLimitBytes) return undefined
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
