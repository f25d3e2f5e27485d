import { createHash } from "node:crypto"
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface DockerContext {
  /** Address of its daemon. */
  readonly host: string
  /** A directory of the client's `ca.pem`, `cert.pem` and `key.pem`. */
  readonly certificates?: string
}

/** A `DOCKER_CONFIG` with these contexts, as `docker context create` makes them. */
export const makeContexts = (contexts: { readonly [name: string]: DockerContext }) => {
  const directory = mkdtempSync(join(tmpdir(), "fireclay-contexts-"))
  for (const [name, { host, certificates }] of Object.entries(contexts)) {
    const id = createHash("sha256").update(name).digest("hex")
    const meta = join(directory, "contexts", "meta", id)
    mkdirSync(meta, { recursive: true })
    writeFileSync(
      join(meta, "meta.json"),
      JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } }),
    )
    if (certificates === undefined) continue
    const tls = join(directory, "contexts", "tls", id, "docker")
    mkdirSync(tls, { recursive: true })
    for (const file of ["ca.pem", "cert.pem", "key.pem"]) cpSync(join(certificates, file), join(tls, file))
  }
  return { directory, dispose: () => rmSync(directory, { recursive: true, force: true }) }
}
