import { createHash } from "node:crypto"
import { once } from "node:events"
import { createServer, type IncomingHttpHeaders, request } from "node:http"
import type { AddressInfo } from "node:net"
import { buffer } from "node:stream/consumers"
import type { TestRegistry } from "./registry.ts"

/** Debian's registry knows no list of referrers. This stands before it and keeps one, as the specification of OCI 1.1 has it. */
export const withReferrers = async ({ host }: Pick<TestRegistry, "host">) => {
  const [, port] = host.split(":")
  const lists = new Map<string, object[]>()
  const server = createServer(async (asked, answer) => {
    const body = await buffer(asked)
    const [, digest] = /\/referrers\/([^?]+)/.exec(asked.url ?? "") ?? []
    if (digest !== undefined) {
      const index = { schemaVersion: 2, mediaType: indexType, manifests: lists.get(digest) ?? [] }
      answer.writeHead(200, { "content-type": indexType }).end(JSON.stringify(index))
      return
    }
    const subject =
      asked.method === "PUT" && asked.url?.includes("/manifests/") ? keep(lists, body, asked.headers) : undefined
    const headers = { ...asked.headers, host: asked.headers.host ?? host }
    const passed = request({ port, method: asked.method, path: asked.url, headers }, (given) => {
      const more = subject === undefined ? {} : { "oci-subject": subject }
      answer.writeHead(given.statusCode ?? 500, { ...given.headers, ...more })
      given.pipe(answer)
    })
    passed.end(body)
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    host: `localhost:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}

const indexType = "application/vnd.oci.image.index.v1+json"

/** Puts a manifest that has a subject into the list of that; answers the subject. */
const keep = (lists: Map<string, object[]>, body: Buffer, headers: IncomingHttpHeaders): string | undefined => {
  const { subject, artifactType, annotations } = JSON.parse(body.toString()) as {
    subject?: { digest: string }
    artifactType?: string
    annotations?: object
  }
  if (subject === undefined) return undefined
  const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`
  const entry = { mediaType: headers["content-type"], digest, size: body.length, artifactType, annotations }
  lists.set(subject.digest, [...(lists.get(subject.digest) ?? []), entry])
  return subject.digest
}
