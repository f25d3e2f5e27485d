import { join } from "node:path"
import type { Secrets } from "../contract/index.ts"
import { openRedactor, type Redactor } from "../core/index.ts"
import { secretReader } from "../secrets/index.ts"
import { readSealKey } from "../stores/index.ts"

export interface OpenSecretsOptions {
  /** The directory of the configuration. */
  readonly directory: string
  /** Is told every value before anybody else gets it. Default: one of its own. */
  readonly redactor?: Redactor | undefined
}

/** Secrets of a project, read from where its configuration says at their first need. */
export const openSecrets = ({ directory, redactor = openRedactor() }: OpenSecretsOptions): Secrets => {
  const read = secretReader({ directory, environment: process.env })
  let key: Promise<Uint8Array> | undefined
  return {
    read: async (secret) => {
      const value = await read(secret)
      redactor.learn(secret.secret, value)
      return value
    },
    sealKey: () => {
      key ??= readSealKey(join(directory, ".fireclay"))
      return key
    },
    redact: redactor.redact,
  }
}
