import { type ErrorCode, FireclayError, isFireclayError } from "../../contract/index.ts"
import type { Output } from "../output.ts"
import { printable } from "./printable.ts"

/** The same error without secrets. They go before a line is cut or wrapped, so that no part of one stays. */
export const redactError = (error: unknown, redact: (text: string) => string): unknown => {
  if (!isFireclayError(error)) return error
  const { code, message, at, remedy, details, cause } = error
  return new FireclayError(code, redact(message), {
    details: details.map(redact),
    cause,
    ...(at === undefined ? {} : { at: redact(at) }),
    ...(remedy === undefined ? {} : { remedy: redact(remedy) }),
  })
}

/** An error as people read it: code and message, where, what was said, what to do. */
export const renderError = (error: unknown, paint: Output["paint"]): string => {
  if (!isFireclayError(error)) return error instanceof Error ? (error.stack ?? error.message) : String(error)
  return [
    `${paint(["red", "bold"], error.code)}  ${printable(error.message)}`,
    ...because(error).map((code) => `  ${paint("dim", "for")}  ${code}`),
    ...(error.at === undefined ? [] : [`  ${paint("dim", "at ")}  ${error.at}`]),
    ...error.details.map((line) => `  ${paint("dim", "|  ")}  ${printable(line)}`),
    ...(error.remedy === undefined ? [] : [`  ${paint("dim", "try")}  ${paint("cyan", error.remedy)}`]),
  ].join("\n")
}

/** The same as data. */
export const errorDocument = (error: unknown): object => {
  if (!isFireclayError(error))
    return { error: { code: "unknown", message: error instanceof Error ? error.message : String(error) } }
  const { code, message, at, remedy, details } = error
  return { error: { code, message, at, remedy, details, because: because(error) } }
}

/** Codes of what lies behind an error, where they say more than its own. */
const because = (error: FireclayError): readonly ErrorCode[] => {
  if (!isFireclayError(error.cause)) return []
  return [...new Set([error.cause.code, ...because(error.cause)])].filter((code) => code !== error.code)
}

const usageCodes =
  /^FC_(SPEC|PROJECT|CONFIG|STRATEGY|FLEET|USAGE|CONFIRM|PLAN_FILE|LOCK_FILE|TARGET|SCALE|SECRET_BAKED|ONE_PROCESS|DOCKER_CONTEXT|PATCH_WINDOW)/

/** 0 done, 1 failed, 3 failed and rolled back, 64 usage or configuration, 130 cancelled. */
export const exitCodeOf = (error: unknown): number => {
  if (!isFireclayError(error)) return 1
  return knownExitCode(error) ?? (usageCodes.test(error.code) ? 64 : 1)
}

const knownExitCode = ({ code }: FireclayError): number | undefined => {
  if (code === "FC_CANCELLED") return 130
  return code === "FC_ROLLOUT_REVERTED" ? 3 : undefined
}
