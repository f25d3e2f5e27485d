import { createHash, randomBytes } from "node:crypto"
import { type Agent, type IncomingMessage, request } from "node:http"
import { urlToHttpOptions } from "node:url"
import type { Attempt, Ending } from "./open-loop.ts"

/** Names what answered, for example its version, from the body of a good answer. */
export type Classify = (body: string) => string

/** Asks for a page and reads it to its end. Nothing is tried again. */
export const getAttempt = (url: string, agent: Agent, classify: Classify): Attempt => {
  const target = { ...urlToHttpOptions(new URL(url)), agent }
  return (ending) => {
    const asked = request(target, (response) =>
      readGood(response, ending, (body) => ending.succeed(classify(body))),
    ).on("error", (error: NodeJS.ErrnoException) => ending.fail(reasonOf(error)))
    asked.end()
    return () => asked.destroy()
  }
}

export interface UploadOptions {
  readonly bytes: number
  /** How long the sending takes, evenly in pieces of a tenth of a second. */
  readonly sendMs: number
}

/**
 * Sends so many bytes slowly. The last word of the answer has to be the SHA-256 of what was sent: a body that arrived
 * in part, twice or changed is a failure.
 */
export const uploadAttempt = (url: string, agent: Agent, upload: UploadOptions, classify: Classify): Attempt => {
  const headers = { "content-length": String(upload.bytes), "content-type": "application/octet-stream" }
  const target = { ...urlToHttpOptions(new URL(url)), agent, method: "POST", headers }
  return (ending) => {
    const hash = createHash("sha256")
    let left = upload.bytes
    const sent = request(target, (response) =>
      readGood(response, ending, (body) => {
        if (left > 0) ending.fail("answered before all was sent")
        else if (body.trim().split(" ").at(-1) === hash.digest("hex")) ending.succeed(classify(body))
        else ending.fail("another digest")
      }),
    ).on("error", (error: NodeJS.ErrnoException) => ending.fail(reasonOf(error)))
    const pieces = Math.max(1, Math.round(upload.sendMs / pieceMs))
    const sendPiece = (): void => {
      const piece = pieceOf(Math.min(left, Math.ceil(upload.bytes / pieces)))
      left -= piece.length
      hash.update(piece)
      if (left > 0) return void sent.write(piece)
      clearInterval(timer)
      sent.end(piece)
    }
    const timer = setInterval(sendPiece, pieceMs)
    sendPiece()
    sent.on("close", () => clearInterval(timer))
    return () => sent.destroy()
  }
}

const pieceMs = 100

/** Chance, so that no two pieces are alike; only its beginning is new each time, for chance costs. */
const pieceOf = (bytes: number): Buffer => {
  const piece = Buffer.alloc(bytes, filling)
  randomBytes(Math.min(bytes, 16)).copy(piece)
  return piece
}

const filling = randomBytes(4096)

const readGood = (response: IncomingMessage, ending: Ending, onBody: (body: string) => void): void => {
  const { statusCode = 0 } = response
  let body = ""
  response.setEncoding("utf8")
  response.on("data", (piece: string) => {
    body += piece
  })
  response.on("error", (error: NodeJS.ErrnoException) => ending.fail(reasonOf(error)))
  response.on("end", () => {
    if (statusCode >= 200 && statusCode < 400) onBody(body)
    else ending.fail(`status ${statusCode}`)
  })
}

const reasonOf = (error: NodeJS.ErrnoException): string => error.code ?? error.message
