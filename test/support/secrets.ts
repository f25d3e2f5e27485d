import { FireclayError, type Secrets } from "../../src/contract/index.ts"
import { openRedactor } from "../../src/core/redact.ts"

/** Secrets of these values, whatever their source, under a key that never changes. */
export const testSecrets = (values: { readonly [name: string]: string } = {}): Secrets => {
  const redactor = openRedactor()
  return {
    read: async ({ secret }) => {
      const value = values[secret]
      if (value === undefined) throw new FireclayError("FC_SECRET_MISSING", `no ${secret}`)
      redactor.learn(secret, Buffer.from(value))
      return Buffer.from(value)
    },
    sealKey: async () => Buffer.alloc(32, 7),
    redact: redactor.redact,
  }
}
