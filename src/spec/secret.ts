import { z } from "zod"
import { makeSecret, type SecretReference } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { argv } from "../schema/fields.ts"

/** Where a secret comes from. Absent: the variable of its name in the environment of `fireclay`. */
export interface SecretOptions {
  /**
   * A file encrypted with age, relative to the configuration, that holds it by name: lines `NAME=value`, or one JSON
   * object. Made with `age -e -r RECIPIENT -o secrets.age secrets.env`.
   */
  readonly file?: string
  /** The key of `file`, relative to the configuration. Default: `FIRECLAY_AGE_KEY_FILE`, then `~/.config/fireclay/age.key`. */
  readonly identity?: string
  /** Program and arguments, run on the controller at most once; its standard output without the last line end. */
  readonly command?: readonly string[]
}

/**
 * A value that Fireclay delivers but never keeps, logs or shows. It is read when a command needs it, on the controller.
 *
 * @example
 * file("/etc/app/token", { content: secret("APP_TOKEN"), owner: "app" })
 * @example
 * secret("DB_PASSWORD", { file: "secrets.age" })
 * @example
 * secret("DB_PASSWORD", { command: ["pass", "show", "shop/db"] })
 */
export const secret = (secretName: string, options: SecretOptions = {}): SecretReference => {
  const at = `secret("${secretName}")`
  check(nameSchema, secretName, at)
  const { file, identity, command } = check(schema, options, at)
  if (command !== undefined)
    return makeSecret({ secret: secretName, source: Object.freeze({ from: "command", argv: Object.freeze(command) }) })
  if (file === undefined) return makeSecret({ secret: secretName, source: Object.freeze({ from: "environment" }) })
  const key = identity === undefined ? {} : { identity }
  return makeSecret({ secret: secretName, source: Object.freeze({ from: "file", path: file, ...key }) })
}

const nameSchema = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]{0,99}$/,
    "a secret's name has letters, digits and _, like a variable's, and at most 100 of them",
  )

const schema = z
  .strictObject({
    file: z.string().min(1).optional(),
    identity: z.string().min(1).optional(),
    command: argv.optional(),
  })
  .refine(
    ({ file, command }) => file === undefined || command === undefined,
    "a secret comes from one place: keep file or command",
  )
  .refine(({ file, identity }) => identity === undefined || file !== undefined, "an identity opens a file: add file")
