import { FireclayError } from "../../contract/index.ts"

/** Where an image lies in a registry. */
export interface Reference {
  /** Such as `registry.example.com:5000`. */
  readonly host: string
  readonly repository: string
  readonly tag?: string
  readonly digest?: string
}

/**
 * Reads `REGISTRY/NAME[:TAG][@DIGEST]`. The registry has to be said: a name that goes to some registry by default goes
 * to the wrong one sooner or later.
 *
 * @throws FireclayError FC_USAGE
 */
export const parseReference = (text: string, at: string): Reference => {
  const [, host = "", repository = "", tag, digest] = form.exec(text) ?? []
  if (!/[.:]|^localhost$/.test(host) || repository === "")
    throw new FireclayError("FC_USAGE", `${JSON.stringify(text)} is not the name of an image in a registry`, {
      at,
      remedy: "write REGISTRY/NAME:TAG in lower case, such as registry.example.com/shop/web:3",
    })
  return {
    host: aliases.get(host) ?? host,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  }
}

/** Such as `registry.example.com/shop/web`: what a signature is about. */
export const repositoryOf = ({ host, repository }: Reference): string => `${host}/${repository}`

/** How an image is asked for: by its digest, if that is known. */
export const selector = ({ tag, digest }: Reference): string => digest ?? tag ?? "latest"

export const showReference = ({ host, repository, tag, digest }: Reference): string =>
  `${host}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`

/** True for this computer itself: there plain HTTP is no risk. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(host)

const name = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
const form = new RegExp(
  `^([A-Za-z0-9.-]+(?::\\d+)?|\\[[0-9a-f:]+\\](?::\\d+)?)/(${name}(?:/${name})*)(?::(\\w[\\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$`,
)

/** The name that people write is not the one that answers. */
const aliases: ReadonlyMap<string, string> = new Map([["docker.io", "index.docker.io"]])
