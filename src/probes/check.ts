import { execFile } from "node:child_process"
import { get as getPlain } from "node:http"
import { get as getSecure } from "node:https"
import type { Check, CheckAnswer, Gate } from "../contract/index.ts"

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

const runProgram = ({ argv, withinMs }: Extract<Gate, { readonly kind: "command" }>, signal: AbortSignal) =>
  new Promise<CheckAnswer>((resolve) => {
    const [program = "", ...words] = argv
    execFile(program, words, { signal, maxBuffer: 1 << 20 }, (error, stdout, stderr) => {
      const said = lastLine(stderr) ?? lastLine(stdout)
      if (error === null) return resolve({ good: true, said: said ?? "exit code 0" })
      if (signal.aborted) return resolve({ good: false, said: tooLate(withinMs) })
      const code = typeof error.code === "number" ? `exit code ${error.code}` : error.message
      resolve({ good: false, said: said === undefined ? code : `${code}: ${said}` })
    })
  })

const tooLate = (withinMs: number): string => `no answer within ${withinMs / 1_000} s`

const lastLine = (text: string): string | undefined =>
  text
    .split("\n")
    .map((line) => line.trim())
    .findLast((line) => line !== "")
