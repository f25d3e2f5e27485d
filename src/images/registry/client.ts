import { createReadStream } from "node:fs"
import { Readable } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import { FireclayError, isFireclayError } from "../../contract/index.ts"
import type { Descriptor } from "../layout.ts"
import { authorize, parseChallenge, refused } from "./authorize.ts"
import { type Credentials, findCredentials } from "./credentials.ts"
import { type HttpAnswer, type HttpRequest, readAll, send } from "./http.ts"
import { isLoopback, type Reference } from "./reference.ts"

export interface RegistryOptions {
  /** HTTP without encryption. Default: only for this computer itself. */
  readonly plainHttp?: boolean
  readonly credentials?: (host: string, repository: string) => Promise<Credentials | undefined>
}

/** One repository of a registry that speaks the OCI distribution protocol. */
export interface Registry {
  readonly hasBlob: (digest: string) => Promise<boolean>
  /** Its content is a file's, or what is given. */
  readonly pushBlob: (blob: Descriptor, content: string | Uint8Array) => Promise<void>
  /** `undefined`: no such blob. Its content is not checked yet. */
  readonly getBlob: (digest: string) => Promise<HttpAnswer["body"] | undefined>
  /** By tag or digest; `undefined`: no such manifest. */
  readonly getManifest: (selector: string) => Promise<Fetched | undefined>
  /** True when the registry understood what the manifest is about, and will list it as a referrer. */
  readonly putManifest: (selector: string, mediaType: string, bytes: Uint8Array) => Promise<boolean>
  /** The index of what refers to a digest; `undefined`: the registry has no such list. */
  readonly getReferrers: (digest: string) => Promise<Fetched | undefined>
}

export interface Fetched {
  readonly mediaType: string
  readonly bytes: Buffer
}

/** Opens a repository; the first request connects, and asks for credentials if the registry does. */
export const openRegistry = (
  { host, repository }: Pick<Reference, "host" | "repository">,
  options: RegistryOptions = {},
): Registry => {
  const secure = !(options.plainHttp ?? isLoopback(host))
  const root = new URL(`${secure ? "https" : "http"}://${host}/v2/${repository}/`)
  const at = `${host}/${repository}`
  const ask = authorized(root, at, { secure, credentials: options.credentials ?? findCredentials })
  const get = async (path: string, accept?: string): Promise<HttpAnswer | undefined> => {
    const headers = accept === undefined ? {} : { accept }
    const answer = await ask({ method: "GET", url: new URL(path, root), headers })
    if (answer.status === 200) return answer
    if (answer.status !== 404) throw await unexpected(answer, at, `asked for ${path}`)
    answer.body.resume()
    return undefined
  }
  const fetched = async (answer: HttpAnswer | undefined): Promise<Fetched | undefined> =>
    answer && {
      mediaType: String(answer.headers["content-type"] ?? "").split(";")[0] ?? "",
      bytes: await readAll(answer),
    }
  return {
    hasBlob: async (digest) => {
      const { status, body } = await ask({ method: "HEAD", url: new URL(`blobs/${digest}`, root) })
      body.resume()
      return status === 200
    },
    pushBlob: (blob, content) => upload({ root, at, ask }, blob, content),
    getBlob: async (digest) => (await get(`blobs/${digest}`))?.body,
    getManifest: async (selector) => fetched(await get(`manifests/${selector}`, manifestTypes)),
    putManifest: async (selector, mediaType, bytes) => {
      const url = new URL(`manifests/${selector}`, root)
      const answer = await ask({ method: "PUT", url, headers: { "content-type": mediaType }, body: bytes })
      if (answer.status !== 201) throw await unexpected(answer, at, "took no manifest")
      answer.body.resume()
      return answer.headers["oci-subject"] !== undefined
    },
    getReferrers: async (digest) => {
      const answer = await get(`referrers/${digest}`, manifestTypes)
      // A registry that knows no such path may answer it with a page of its own.
      if (answer?.headers["content-type"]?.startsWith("application/vnd.oci.image.index") === true)
        return fetched(answer)
      answer?.body.resume()
      return undefined
    },
  }
}

const manifestTypes = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
].join(", ")

type Ask = (request: HttpRequest) => Promise<HttpAnswer>

/** Follows redirections, meets one challenge, and says what went wrong in the user's words. */
const authorized = (
  root: URL,
  at: string,
  {
    secure,
    credentials,
  }: { readonly secure: boolean; readonly credentials: NonNullable<RegistryOptions["credentials"]> },
): Ask => {
  const { host } = root
  const repository = at.slice(at.indexOf("/") + 1)
  let authorization: Promise<string> | undefined
  const go = async (request: HttpRequest, hops = 0): Promise<HttpAnswer> => {
    const known = request.url.host === host ? await authorization : undefined
    const headers = { ...request.headers, ...(known === undefined ? {} : { authorization: known }) }
    const answer = await send({ ...request, headers })
    const { location } = answer.headers
    if ([301, 302, 303, 307, 308].includes(answer.status) && location !== undefined && hops < 5) {
      answer.body.resume()
      const url = new URL(location, request.url)
      if (secure && url.protocol !== "https:")
        throw registryError(at, `leads from HTTPS to ${url.protocol}//${url.host}`)
      return go({ ...request, url }, hops + 1)
    }
    return answer
  }
  return async (request) => {
    try {
      const before = authorization
      const first = await go(request)
      if (first.status !== 401) return first
      first.body.resume()
      const challenge = parseChallenge(first.headers["www-authenticate"])
      if (challenge === undefined) throw refused(at, "it does not say what it wants to see")
      if (authorization === before) {
        const scope = `repository:${repository}:pull,push`
        authorization = credentials(host, repository).then((found) =>
          authorize(challenge, found, { at, scope, secure }),
        )
        // Whoever waits for it hears of a failure.
        authorization.catch(() => undefined)
      }
      const second = await go(request)
      if (second.status !== 401) return second
      second.body.resume()
      throw refused(at, "it does not take the credentials that there are for it")
    } catch (cause) {
      if (isFireclayError(cause)) throw cause
      const { message, code } = cause as NodeJS.ErrnoException
      throw registryError(at, `does not answer: ${message || code}`, cause)
    }
  }
}

export const registryError = (at: string, what: string, cause?: unknown): FireclayError =>
  new FireclayError("FC_REGISTRY", `the registry ${what}`, {
    at,
    remedy: "check the name, and that the registry can be reached; without HTTPS it takes --plain-http",
    cause,
  })

const unexpected = async (answer: HttpAnswer, at: string, doing: string): Promise<FireclayError> => {
  const text = (await readAll(answer).catch(() => Buffer.alloc(0))).toString()
  const details = [...text.matchAll(/"(?:message|detail)"\s*:\s*"([^"]*)"/g)].map(([, said = ""]) => said)
  if (answer.status === 401 || answer.status === 403) return refused(at, `it answered ${answer.status}`)
  return new FireclayError("FC_REGISTRY", `the registry answered ${answer.status} when it was ${doing}`, {
    at,
    remedy: "the registry's own log says more",
    details,
  })
}

interface Connection {
  readonly root: URL
  readonly at: string
  readonly ask: Ask
}

/**
 * Uploads a blob as one stream. When the line breaks, the registry is asked how much it has, and the rest follows; one
 * that cannot tell gets it anew.
 */
const upload = async (connection: Connection, blob: Descriptor, content: string | Uint8Array): Promise<void> => {
  let here = await beginUpload(connection)
  for (let attempt = 1; ; attempt++) {
    try {
      return await finishUpload(connection, await sendRest(connection, here, blob, content), blob)
    } catch (error) {
      if (attempt === 5 || !isFireclayError(error) || error.code !== "FC_REGISTRY") throw error
      await sleep(200 * attempt)
      here = (await resumeUpload(connection, here)) ?? (await beginUpload(connection))
    }
  }
}

/** Where a blob is sent to, and how much of it the registry has. */
interface Upload {
  readonly place: URL
  readonly sent: number
}

const beginUpload = async ({ root, at, ask }: Connection): Promise<Upload> => {
  const answer = await ask({ method: "POST", url: new URL("blobs/uploads/", root), body: Buffer.alloc(0) })
  if (answer.status !== 202) throw await unexpected(answer, at, "asked to take a blob")
  answer.body.resume()
  return { place: locationOf(answer, root, at), sent: 0 }
}

const resumeUpload = async ({ at, ask }: Connection, { place }: Upload): Promise<Upload | undefined> => {
  const { status, headers, body } = await ask({ method: "GET", url: place })
  body.resume()
  if (status !== 204 || headers.location === undefined) return undefined
  const [, last] = /^0-(\d+)$/.exec(String(headers.range ?? "")) ?? []
  return { place: locationOf({ headers }, place, at), sent: last === undefined ? 0 : Number(last) + 1 }
}

const sendRest = async (
  { at, ask }: Connection,
  { place, sent }: Upload,
  { size }: Descriptor,
  content: string | Uint8Array,
): Promise<URL> => {
  if (sent >= size) return place
  const range = sent === 0 ? {} : { "content-range": `${sent}-${size - 1}` }
  const answer = await ask({
    method: "PATCH",
    url: place,
    headers: { "content-type": "application/octet-stream", "content-length": size - sent, ...range },
    body: () =>
      typeof content === "string"
        ? createReadStream(content, { start: sent, highWaterMark: 1 << 20 })
        : Readable.from([content.subarray(sent)]),
  })
  if (answer.status !== 202) throw await unexpected(answer, at, "sent a blob")
  answer.body.resume()
  return locationOf(answer, place, at)
}

const finishUpload = async ({ at, ask }: Connection, place: URL, { digest }: Descriptor): Promise<void> => {
  const url = new URL(place)
  url.searchParams.set("digest", digest)
  const answer = await ask({ method: "PUT", url, body: Buffer.alloc(0) })
  if (answer.status !== 201) throw await unexpected(answer, at, "told a blob's digest")
  answer.body.resume()
}

const locationOf = ({ headers }: Pick<HttpAnswer, "headers">, from: URL, at: string): URL => {
  if (headers.location === undefined) throw registryError(at, "does not say where to send a blob")
  return new URL(headers.location, from)
}
