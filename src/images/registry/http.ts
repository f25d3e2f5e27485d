import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http"
import { request as httpsRequest } from "node:https"
import type { Readable } from "node:stream"
import { buffer } from "node:stream/consumers"
import { pipeline } from "node:stream/promises"

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH"
  readonly url: URL
  readonly headers?: { readonly [name: string]: string | number }
  readonly body?: Uint8Array | (() => Readable)
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Has to be read to its end. */
  readonly body: IncomingMessage
}

/** Sends one request; any status is an answer. Rejects when there is none, or when the other side falls silent. */
export const send = ({ method, url, headers = {}, body }: HttpRequest): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const start = url.protocol === "http:" ? httpRequest : httpsRequest
    const length = body instanceof Uint8Array ? { "content-length": body.length } : {}
    const sent: ClientRequest = start(url, { method, headers: { "user-agent": "fireclay", ...length, ...headers } })
    sent.setTimeout(silentMs, () => sent.destroy(new Error(`nothing was heard for ${silentMs / 1000} s`)))
    sent.once("response", (answer) =>
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer }),
    )
    sent.once("error", reject)
    // A registry that has heard enough answers early and closes; then the answer counts.
    if (typeof body === "function") pipeline(body(), sent).catch(reject)
    else sent.end(body)
  })

/** The whole body; registries' documents are small, whatever they claim. */
export const readAll = async ({ body }: HttpAnswer, most = 4 << 20): Promise<Buffer> => {
  const announced = Number(body.headers["content-length"] ?? 0)
  if (announced > most) {
    body.destroy()
    throw new Error(`an answer of ${announced} bytes is too long`)
  }
  let length = 0
  body.on("data", (piece: Buffer) => {
    length += piece.length
    if (length > most) body.destroy(new Error(`an answer of more than ${most} bytes is too long`))
  })
  return buffer(body)
}

const silentMs = 60_000
