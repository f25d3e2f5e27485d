import { createHash } from "node:crypto"
import type { Backend } from "../../contract/index.ts"

/** What the configuration file depends on besides its servers. */
export interface Settings {
  readonly fleet: string
  readonly bind: string
  readonly listen: number
  readonly holdMs: number
  readonly threads: number
  readonly check: HealthCheck | undefined
  readonly socketPath: string
  readonly scriptPath: string
  /** Whom HAProxy becomes once its ports are open; absent: it stays who it is. */
  readonly user: string | undefined
}

/** The router's own check. Without one it only tries to connect. */
export interface HealthCheck {
  readonly path: string
  /** Statuses that count as healthy; absent: 200 to 399. */
  readonly status?: readonly number[]
}

/** A backend and what the router was told about it last. */
export interface Placed extends Backend {
  /** What `address` resolved to when it was admitted. */
  readonly ip: string
  readonly state: "ready" | "drain"
}

/** Name of the one proxy section that has servers. */
export const section = "instances"

/** The whole configuration file. A drained server is written as disabled: a restart must not give it traffic. */
export const renderConfig = (settings: Settings, servers: readonly Placed[]): string =>
  [
    "# Written by Fireclay. Changes are lost.",
    "global",
    `  description ${fingerprint(settings)}`,
    ...globalLines(settings).map(indent),
    ...proxyLines(settings),
    ...servers.map((server) =>
      indent(`server ${server.id} ${serverArguments(server)}${server.state === "drain" ? " disabled" : ""}`),
    ),
    "",
  ].join("\n")

/** Names everything but the servers. A running process with another fingerprint was started with other settings. */
export const fingerprint = (settings: Settings): string =>
  createHash("sha256")
    .update([...globalLines(settings), ...proxyLines(settings), holdScript].join("\n"))
    .digest("hex")
    .slice(0, 32)

/** The address and options of a server, the same in the file and for `add server`. */
export const serverArguments = (server: Placed): string =>
  `${hostPort(server.ip, server.port)} check inter 1s fastinter 200ms downinter 500ms rise 1 fall 2`

/**
 * Lets a request wait while no server is ready, where HAProxy would answer 503 at once: restarting the only
 * server of a fleet costs a pause, not errors. A process that is being replaced counts no servers, but has them.
 */
export const holdScript = `local function is(value)
  return value == true or value == 1
end

core.register_action("hold", { "http-req" }, function(txn, limit)
  local waited = 0
  while waited < tonumber(limit) and txn.f:nbsrv("${section}") == 0 and not is(txn.f:stopping()) do
    core.msleep(20)
    waited = waited + 20
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
  `lua-load ${quote(settings.scriptPath)}`,
]

const proxyLines = (settings: Settings): readonly string[] => [
  "defaults",
  ...timeouts.map(indent),
  "frontend fleet",
  indent(`bind ${hostPort(settings.bind, settings.listen)}`),
  // A process that is being replaced answers once more on a kept connection before it closes it.
  indent("option idle-close-on-response"),
  ...(settings.holdMs > 0
    ? [indent(`http-request lua.hold ${settings.holdMs} if { nbsrv(${section}) eq 0 } !{ stopping }`)]
    : []),
  indent(`default_backend ${section}`),
  `backend ${section}`,
  ...[
    "balance roundrobin",
    // Only a connection that could not be made is tried again: then no request was sent, so none is sent twice.
    "retry-on conn-failure",
    "retries 3",
    "option redispatch 1",
    // Clients keep their connection; each request gets a fresh one to its server. A kept one may be closed by
    // the server at the moment a request is sent on it, and that request would be lost.
    "option http-server-close",
    "option forwardfor",
    ...checkLines(settings),
  ].map(indent),
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

const checkLines = ({ check, fleet }: Settings): readonly string[] =>
  check === undefined
    ? []
    : [
        "option httpchk",
        `http-check send meth GET uri ${quote(check.path)} ver HTTP/1.1 hdr Host ${fleet}`,
        `http-check expect status ${check.status?.join(",") ?? "200-399"}`,
      ]

const hostPort = (host: string, port: number): string => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`)

const indent = (line: string): string => `  ${line}`

/** HAProxy's double quotes still expand `$` and know `\` and `"`. */
const quote = (text: string): string => `"${text.replace(/[\\"$]/g, "\\$&")}"`
