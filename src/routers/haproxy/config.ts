import { createHash } from "node:crypto"
import type { Backend } from "../../contract/index.ts"
import { type Check, checkLines } from "./checks.ts"
import { quote } from "./quote.ts"

/** What the configuration file depends on besides its servers. */
export interface Settings {
  readonly fleet: string
  readonly bind: string
  readonly listen: number
  readonly preview: number | undefined
  /** Name of the cookie by which a client keeps to its server; absent: it does not. */
  readonly sticky: string | undefined
  readonly holdMs: number
  readonly threads: number
  /** Whether servers are asked by HTTP. Then one that is to be connected to only is not checked. */
  readonly asks: boolean
  readonly checksPath: string
  readonly socketPath: string
  readonly scriptPath: string
  /** Whom HAProxy becomes once its ports are open; absent: it stays who it is. */
  readonly user: string | undefined
}

/** A backend and what the router was told about it last. */
export interface Placed extends Backend {
  /** What `address` resolved to when it was admitted. */
  readonly ip: string
  readonly weight: number
  readonly check: Check
  readonly state: "ready" | "drain"
}

/** All that the router was told. */
export interface Told {
  readonly backends: readonly Placed[]
  /** Those that answer at the preview port. */
  readonly preview: readonly Placed[]
}

/** The proxy sections that have servers: those that serve, and those at the preview port. */
export type Section = "instances" | "previewed"

export const isSection = (name: string | undefined): name is Section => name === serving || name === previewed

/** Where the requests are told of that have ended. */
export const ringName = "served"

/** The table that counts upgraded connections by server. */
export const socketsTable = "websockets"

/** The whole configuration file. A drained server is written as disabled: a restart must not give it traffic. */
export const renderConfig = (settings: Settings, { backends, preview }: Told): string =>
  [
    "# Written by Fireclay. Changes are lost.",
    "global",
    `  description ${fingerprint(settings)}`,
    ...globalLines(settings).map(indent),
    ...proxyLines(settings),
    ...backends.map(serverLine),
    ...(settings.preview === undefined
      ? []
      : [...previewLines(settings, settings.preview), ...preview.map(serverLine)]),
    "",
  ].join("\n")

/** Names everything but the servers. A running process with another fingerprint was started with other settings. */
export const fingerprint = (settings: Settings): string =>
  createHash("sha256")
    .update(
      [
        ...globalLines(settings),
        ...proxyLines(settings),
        ...previewLines(settings, settings.preview ?? 0),
        holdScript,
      ].join("\n"),
    )
    .digest("hex")
    .slice(0, 32)

/** The address and options of a server, the same in the file and for `add server`. */
export const serverArguments = (server: Placed): string =>
  `${hostPort(server.ip, server.port)} weight ${server.weight} check inter 1s fastinter 200ms downinter 500ms rise 1 fall 2`

const serverLine = (server: Placed): string =>
  indent(`server ${server.id} ${serverArguments(server)}${server.state === "drain" ? " disabled" : ""}`)

const serving: Section = "instances"
const previewed: Section = "previewed"

/**
 * Lets a request wait while no server is ready, where HAProxy would answer 503 at once: restarting the only
 * server of a fleet costs a pause, not errors. A process that is being replaced counts no servers, but has them.
 * Who has waited for long looks less often: thousands that wait must not keep HAProxy from all else.
 */
export const holdScript = `local function is(value)
  return value == true or value == 1
end

core.register_action("hold", { "http-req" }, function(txn, limit)
  local waited = 0
  while waited < tonumber(limit) and txn.f:nbsrv("${serving}") == 0 and not is(txn.f:stopping()) do
    local pause = math.min(200, 20 + math.floor(waited / 25))
    core.msleep(pause)
    waited = waited + pause
  end
end, 1)
`

const globalLines = (settings: Settings): readonly string[] => [
  // Without this the port could be shared by accident with another HAProxy, each getting half of the connections.
  "noreuseport",
  `nbthread ${settings.threads}`,
  "hard-stop-after 1h",
  ...(settings.user === undefined ? [] : [`user ${settings.user}`, `group ${settings.user}`]),
  `stats socket ${quote(settings.socketPath)} mode 600 level admin expose-fd listeners`,
  // Who watches is told nothing for as long as there are no requests.
  "stats timeout 1d",
  `lua-load ${quote(settings.scriptPath)}`,
]

const proxyLines = (settings: Settings): readonly string[] => [
  `ring ${ringName}`,
  ...["format raw", "maxlen 128", "size 4194304"].map(indent),
  `backend ${socketsTable}`,
  indent("stick-table type string len 64 size 100k store conn_cur"),
  "defaults",
  ...timeouts.map(indent),
  "frontend fleet",
  ...[
    `bind ${hostPort(settings.bind, settings.listen)}`,
    // A process that is being replaced answers once more on a kept connection before it closes it.
    "option idle-close-on-response",
    ...accountLines,
    ...(settings.holdMs > 0
      ? [`http-request lua.hold ${settings.holdMs} if { nbsrv(${serving}) eq 0 } !{ stopping }`]
      : []),
    useSuccessor(serving),
    `default_backend ${serving}`,
  ].map(indent),
  ...successorLines(serving, settings.bind, settings.listen),
  `backend ${serving}`,
  ...[
    ...deliveryLines,
    ...(settings.sticky === undefined ? [] : stickyLines(settings.sticky)),
    `http-response track-sc0 srv_name table ${socketsTable} if { status 101 }`,
    ...checking(settings),
  ].map(indent),
]

/** Nothing is held here, and nobody counts or sticks: it is for looking at what does not serve yet. */
const previewLines = (settings: Settings, port: number): readonly string[] => [
  "frontend preview",
  indent(`bind ${hostPort(settings.bind, port)}`),
  indent(useSuccessor(previewed)),
  indent(`default_backend ${previewed}`),
  ...successorLines(previewed, settings.bind, port),
  `backend ${previewed}`,
  ...[...deliveryLines, ...checking(settings)].map(indent),
]

/**
 * A process that is being replaced keeps its connections until they are idle once more, but its servers stay as they
 * were: whom it knows may be drained and gone. What comes in on them goes to whoever has the port now.
 */
const successorLines = (section: Section, bind: string, port: number): readonly string[] => [
  `backend ${successorOf(section)}`,
  ...[...deliveryLines, `server successor ${hostPort(reachedAt(bind), port)}`].map(indent),
]

const useSuccessor = (section: Section): string => `use_backend ${successorOf(section)} if { stopping }`

const successorOf = (section: Section): string => `${section}-of-successor`

const reachedAt = (bind: string): string => ({ "0.0.0.0": "127.0.0.1", "::": "::1" })[bind] ?? bind

/** One line for each request: who, what the client got, microseconds, why it ended. */
const accountLines = [
  `log ring@${ringName} format raw local0`,
  "http-request set-var(txn.began) date(0,us)",
  'log-format "%s %ST %[date(0,us),sub(txn.began)] %ts"',
]

const deliveryLines = [
  "balance roundrobin",
  // Only a connection that could not be made is tried again: then no request was sent, so none is sent twice.
  "retry-on conn-failure",
  "retries 3",
  "option redispatch 1",
  // Clients keep their connection; each request gets a fresh one to its server. A kept one may be closed by
  // the server at the moment a request is sent on it, and that request would be lost.
  "option http-server-close",
  "option forwardfor",
]

/**
 * The cookie names the server. One that is down, in maintenance or gone is passed over, and the answer names another.
 * HAProxy's own cookies are not for servers that are added at run time, unless hashed, and they reach drained ones.
 */
const stickyLines = (cookie: string): readonly string[] => [
  `http-request set-var(txn.sticky) req.cook(${cookie})`,
  "use-server %[var(txn.sticky)] if { var(txn.sticky) -m found }",
  "acl same srv_name,strcmp(txn.sticky) eq 0",
  `http-response add-header Set-Cookie "${cookie}=%s; Path=/; HttpOnly" unless same`,
  "http-response add-header Cache-Control private unless same",
]

const timeouts = [
  "mode http",
  "timeout client 60s",
  "timeout server 60s",
  "timeout connect 2s",
  "timeout check 2s",
  "timeout queue 5s",
  "timeout tunnel 1h",
  "timeout http-request 10s",
  "timeout http-keep-alive 60s",
] as const

const checking = ({ asks, checksPath, fleet }: Settings): readonly string[] =>
  asks ? checkLines(checksPath, fleet) : []

const hostPort = (host: string, port: number): string => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`)

const indent = (line: string): string => `  ${line}`
