import { z } from "zod"
import { type ErrorCode, isSecret, type SecretReference } from "../contract/index.ts"

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

const problem = (code: ErrorCode, remedy: string) => ({ params: { code, remedy } })

/** `"500ms"`, `"30s"`, `"2m"`, `"1h"`, `"3d"`: milliseconds. */
export const duration = z
  .string()
  .refine((text) => /^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text), {
    error: (issue) => `"${String(issue.input)}" is not a duration`,
    ...problem("FC_SPEC_DURATION", 'write a number and ms, s, m, h or d, for example "30s"'),
  })
  .transform((text) => {
    const [, amount = "0", unit = "s"] = /^([\d.]+)(ms|s|m|h|d)$/.exec(text) ?? []
    return Math.round(Number(amount) * unitMs[unit as keyof typeof unitMs])
  })

const unitBytes = { "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 } as const

/** `"500M"`, `"10G"`: bytes. */
export const byteSize = z
  .string()
  .regex(/^\d+(\.\d+)?[kMGT]?$/, 'a size is a number and k, M, G or T, for example "10G"')
  .transform((text) =>
    Math.round(Number.parseFloat(text) * unitBytes[text.replace(/[\d.]/g, "") as keyof typeof unitBytes]),
  )

/** A TCP port. */
export const port = z.number().refine((value) => Number.isInteger(value) && value >= 1 && value <= 65_535, {
  error: (issue) => `port ${String(issue.input)} is out of range`,
  ...problem("FC_SPEC_PORT", "use a whole number from 1 to 65535"),
})

/** A path on a machine: absolute, without `.`, `..` or empty parts. */
export const machinePath = z.string().refine((path) => /^(\/|(\/(?!\.{1,2}(\/|$))[^/\0\n]+)+)$/.test(path), {
  error: (issue) => `"${String(issue.input)}" is not an absolute path`,
  ...problem("FC_SPEC_PATH", "start it with / and leave out . and .. and double slashes"),
})

/** Permission bits: `0o644` or `"0644"`. */
export const mode = z
  .union([z.number(), z.string().regex(/^0?[0-7]{3,4}$/, 'a mode is written as 0o644 or "0644"')])
  .transform((value) => (typeof value === "number" ? value : Number.parseInt(value, 8)))
  .refine((value) => Number.isInteger(value) && value >= 0 && value <= 0o7777, 'a mode is written as 0o644 or "0644"')

/** A user, group, fleet or machine name that every tool takes. */
export const name = z
  .string()
  .regex(
    /^[a-z_][a-z0-9_.-]{0,40}$/i,
    "a name has letters, digits, - _ and ., starts with a letter, and has at most 41 characters",
  )

export const argv = z
  .array(z.string().min(1, "a word of a command is empty"))
  .min(1, "a command needs at least a program")

/** A reference that `secret(…)` made. */
export const secretReference = z.custom<SecretReference>(isSecret, "not a secret")

/** Environment variables. */
export const environment = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "not a name of a variable"),
  z.union([z.string(), secretReference]),
)
