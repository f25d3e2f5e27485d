import { FireclayError } from "../../contract/index.ts"
import type { Credentials } from "./credentials.ts"
import { readAll, send } from "./http.ts"

/** What a registry wants to see, from its `WWW-Authenticate`. */
export interface Challenge {
  readonly scheme: "basic" | "bearer"
  readonly parameters: { readonly [name: string]: string }
}

/** The first of the challenges that can be met. */
export const parseChallenge = (header: string | undefined): Challenge | undefined => {
  for (const [, scheme = "", rest = ""] of (header ?? "").matchAll(
    /(basic|bearer)\s+((?:[\w-]+=(?:"[^"]*"|[^\s,"]+)\s*,?\s*)*)/gi,
  )) {
    const parameters: Record<string, string> = {}
    for (const [, name = "", quoted, plain] of rest.matchAll(/([\w-]+)=(?:"([^"]*)"|([^\s,"]+))/g))
      parameters[name.toLowerCase()] = quoted ?? plain ?? ""
    return { scheme: scheme.toLowerCase() === "basic" ? "basic" : "bearer", parameters }
  }
  return undefined
}

/**
 * The `Authorization` that meets a challenge. For a bearer token the registry's token service is asked, once for all that
 * will be done with the repository.
 *
 * @throws FireclayError FC_REGISTRY_AUTH
 */
export const authorize = async (
  challenge: Challenge,
  credentials: Credentials | undefined,
  { at, scope, secure }: { readonly at: string; readonly scope: string; readonly secure: boolean },
): Promise<string> => {
  if (challenge.scheme === "bearer") return `Bearer ${await fetchToken(challenge, credentials, { at, scope, secure })}`
  if (credentials === undefined) throw refused(at, "it wants a name and a password, and there are none for it")
  if (!("user" in credentials)) throw refused(at, "it wants a name and a password, and there is only a token for it")
  return basic(credentials)
}

export const refused = (at: string, why: string): FireclayError =>
  new FireclayError("FC_REGISTRY_AUTH", `the registry lets nobody in: ${why}`, {
    at,
    remedy: `docker login ${at.split("/")[0]}`,
  })

const fetchToken = async (
  { parameters }: Challenge,
  credentials: Credentials | undefined,
  { at, scope, secure }: { readonly at: string; readonly scope: string; readonly secure: boolean },
): Promise<string> => {
  const realm = URL.parse(parameters.realm ?? "")
  // Whoever answers over HTTPS must not lead a password onto an open line.
  if (realm === null || (realm.protocol !== "https:" && (secure || realm.protocol !== "http:")))
    throw refused(at, `its token service has no address to be trusted (${parameters.realm})`)
  const asked = { ...(parameters.service === undefined ? {} : { service: parameters.service }), scope }
  const answer =
    credentials !== undefined && "identityToken" in credentials
      ? await send({
          method: "POST",
          url: realm,
          headers: { "content-type": "application/x-www-form-urlencoded" },
          body: Buffer.from(
            new URLSearchParams({
              ...asked,
              grant_type: "refresh_token",
              client_id: "fireclay",
              refresh_token: credentials.identityToken,
            }).toString(),
          ),
        })
      : await send({
          method: "GET",
          url: withQuery(realm, asked),
          headers: credentials === undefined ? {} : { authorization: basic(credentials) },
        })
  const text = (await readAll(answer)).toString()
  if (answer.status !== 200) throw refused(at, `its token service answered ${answer.status}`)
  const { token, access_token: accessToken } = JSON.parse(text) as { token?: string; access_token?: string }
  const got = token ?? accessToken
  if (got === undefined) throw refused(at, "its token service gave no token")
  return got
}

const withQuery = (url: URL, query: { readonly [name: string]: string }): URL => {
  const full = new URL(url)
  for (const [name, value] of Object.entries(query)) full.searchParams.set(name, value)
  return full
}

const basic = ({ user, password }: { readonly user: string; readonly password: string }): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`
