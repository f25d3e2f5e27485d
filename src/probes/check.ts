import { get as getPlain } from "node:http"
import { get as getSecure } from "node:https"
import type { Check, CheckAnswer, Gate } from "../contract/index.ts"
import { lastLines, run } from "../system/process.ts"

/** Asks what stands outside whether it is content: a URL by its status, a program by its exit code. */
export const outsideCheck: Check = (gate, signal) => {
  const limit = AbortSignal.timeout(gate.withinMs)
  const stop = signal === undefined ? limit : AbortSignal.any([limit, signal])
  return gate.kind === "http" ? askUrl(gate, stop) : runProgram(gate, stop)
}

const askUrl = ({ url, status, withinMs }: Extract<Gate, { readonly kind: "http" }>, signal: AbortSignal) =>
  new Promise<CheckAnswer>((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      resolve({ good: false, said: signal.aborted ? tooLate(withinMs) : (error.code ?? error.message) })
    const get = url.startsWith("https:") ? getSecure : getPlain
    get(url, { agent: false, signal }, (response) => {
      const { statusCode = 0 } = response
      response.on("error", fail).resume()
      response.on("end", () => resolve({ good: status.includes(statusCode), said: `status ${statusCode}` }))
    }).on("error", fail)
  })

const runProgram = async (
  { argv, withinMs }: Extract<Gate, { readonly kind: "command" }>,
  signal: AbortSignal,
): Promise<CheckAnswer> => {
  try {
    const { exitCode, stdout, stderr } = await run(argv, { signal })
    if (signal.aborted) return { good: false, said: tooLate(withinMs) }
    const said = lastLines(stderr.length > 0 ? stderr : stdout, 1)[0] ?? ""
    return { good: exitCode === 0, said: `exit code ${exitCode}${said === "" ? "" : `: ${said}`}` }
  } catch (error) {
    return { good: false, said: error instanceof Error ? error.message : String(error) }
  }
}

const tooLate = (withinMs: number): string => `no answer within ${withinMs / 1_000} s`
