import { z } from "zod"
import type { Procfile } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { environment, machinePath, name, port } from "../schema/fields.ts"
import type { RunOptions, SpecOptions } from "./spec.ts"

export interface ProcfileOptions {
  /** What its lines find as `$PORT`, and where `web` serves. */
  readonly port?: number
  /** Who its programs run as. Default: root. */
  readonly user?: string
  /** Where the directory is put on the machine, and where its programs start. */
  readonly to: string
  /** Variables for all of its lines. */
  readonly environment?: RunOptions["environment"]
  /** Whether Fireclay puts the directory's files there, after all other resources. Default: true. */
  readonly ship?: boolean
}

/**
 * What a `Procfile` in a source directory says: `web` becomes `run`, each other line a process of its own, and `release`
 * what runs once in each rollout. Its commands are lines for a shell, as everywhere where there are Procfiles: each is
 * given to `/bin/sh -c` as it stands.
 *
 * @param directory relative to the configuration
 * @example
 * spec("shop", { resources: [user("app")], ...procfile("./app", { to: "/srv/app", port: 5000, user: "app" }) })
 * @throws FireclayError FC_PROCFILE when the configuration is loaded
 */
export const procfile = (directory: string, options: ProcfileOptions): Pick<SpecOptions, "procfile" | "port"> => {
  const at = `procfile("${directory}")`
  check(z.string().min(1), directory, at)
  const { ship = true, ...rest } = check(schema, options, at)
  const wanted = { directory, ship, ...rest } as Procfile
  return { procfile: wanted, ...(rest.port === undefined ? {} : { port: rest.port }) }
}

const schema = z.strictObject({
  port: port.optional(),
  user: name.optional(),
  to: machinePath,
  environment: environment.optional(),
  ship: z.boolean().optional(),
})
