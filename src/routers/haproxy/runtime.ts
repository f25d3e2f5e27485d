import { connect } from "node:net"
import { FireclayError, isFireclayError } from "../../contract/index.ts"
import { type CheckMap, readCheckMap, showCheckMap } from "./checks.ts"
import { isSection, type Placed, type Section, serverArguments, socketsTable } from "./config.ts"

/** A server as the running process sees it. */
export interface Seen {
  readonly section: Section
  readonly id: string
  readonly ip: string
  readonly port: number
  readonly weight: number
  /** `maint`: takes nothing and is not checked. */
  readonly state: "ready" | "drain" | "maint"
  readonly up: boolean
  /** Whether HAProxy checks it. */
  readonly checked: boolean
  /** Requests with the server now, and those queued for it. Idle kept-alive and upgraded connections do not count. */
  readonly inFlight: number
  readonly webSockets: number
}

/** The running process. */
export interface Sight {
  readonly servers: readonly Seen[]
  /** Absent: it checks by connecting only. */
  readonly checks: CheckMap | undefined
}

/** What a command names. */
interface Server {
  readonly section: Section
  readonly id: string
}

/** Commands of HAProxy's Runtime API. */
export const addServer = (server: Server & Placed): string => `add server ${name(server)} ${serverArguments(server)}`
export const enableHealth = (server: Server): string => `enable health ${name(server)}`
export const disableHealth = (server: Server): string => `disable health ${name(server)}`
/** For one that is not checked: else it would stay as it was found last. */
export const callUp = (server: Server): string => `set server ${name(server)} health up`
export const setState = (server: Server, state: "ready" | "maint"): string =>
  `set server ${name(server)} state ${state}`
export const setAddress = (server: Server & Placed): string =>
  `set server ${name(server)} addr ${server.ip} port ${server.port}`
export const setWeight = (server: Server & Placed): string => `set server ${name(server)} weight ${server.weight}`
export const shutdownSessions = (server: Server): string => `shutdown sessions server ${name(server)}`
export const deleteServer = (server: Server): string => `del server ${name(server)}`

const name = ({ section, id }: Server): string => `${section}/${id}`

/**
 * Sends commands over one connection and answers what came back, unread.
 *
 * @throws FireclayError FC_ROUTER when nobody listens, or no answer came within 5 s
 */
export const ask = (socketPath: string, commands: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    const socket = connect(socketPath, () => socket.end(`${commands.join(";")}\n`))
    const timer = setTimeout(() => socket.destroy(new Error("no answer within 5 s")), 5000)
    socket.on("data", (piece: Buffer) => pieces.push(piece))
    socket.on("error", (cause) => {
      clearTimeout(timer)
      reject(notRunning(socketPath, cause))
    })
    socket.on("close", (hadError) => {
      clearTimeout(timer)
      if (!hadError) resolve(Buffer.concat(pieces).toString())
    })
  })

/**
 * Sends commands that change something. What is said beyond the known words of success is an error.
 *
 * @throws FireclayError FC_ROUTER with what HAProxy said
 */
export const tell = async (socketPath: string, commands: readonly string[]): Promise<void> => {
  for (const batch of batches(commands)) {
    const complaints = (await ask(socketPath, batch)).split("\n").filter((line) => line !== "" && !success.test(line))
    if (complaints.length > 0)
      throw new FireclayError("FC_ROUTER", `HAProxy refused a change: ${complaints[0]}`, {
        at: socketPath,
        details: [...complaints, ...batch],
      })
  }
}

/** Sends commands that answer one line each, and gives the lines in their order. */
export const askEach = async (socketPath: string, commands: readonly string[]): Promise<readonly string[]> => {
  const lines: string[] = []
  for (const batch of batches(commands))
    lines.push(...(await ask(socketPath, batch)).split("\n").filter((line) => line !== ""))
  if (lines.length !== commands.length)
    throw new FireclayError("FC_ROUTER", "HAProxy answered in another way than expected", {
      at: socketPath,
      details: lines,
    })
  return lines
}

/** Process id and fingerprint of the process behind the socket. */
export const identify = async (socketPath: string): Promise<{ readonly pid: number; readonly description: string }> => {
  const fields = new Map(
    (await ask(socketPath, ["show info"])).split("\n").map((line): [string, string] => {
      const colon = line.indexOf(":")
      return [line.slice(0, colon), line.slice(colon + 1).trim()]
    }),
  )
  const pid = Number(fields.get("Pid"))
  if (!Number.isInteger(pid)) throw notRunning(socketPath, new Error("it closed the connection unanswered"))
  return { pid, description: fields.get("description") ?? "" }
}

/** All servers, in the order in which they were added, and how they are checked. */
export const look = async (socketPath: string, mapPath: string): Promise<Sight> => {
  // The sessions before the sockets among them: one that ends in between counts too long, never too short.
  const commands = ["show servers state", "show stat -1 4 -1", `show table ${socketsTable}`, showCheckMap(mapPath)]
  const answer = await ask(socketPath, commands)
  const [statAt, tableAt] = [answer.indexOf("# pxname"), answer.indexOf("# table:")]
  // Else a router that dies while it answers would look like one that has no servers.
  if (statAt < 0 || tableAt < statAt) throw notRunning(socketPath, new Error("it broke off its answer"))
  const sessions = new Map(
    table(answer.slice(statAt, tableAt), ",").map((row): [string, number] => [
      `${row.get("pxname")}/${row.get("svname")}`,
      count(row.get("scur")) + count(row.get("qcur")),
    ]),
  )
  const rest = answer.slice(tableAt)
  const sockets = new Map(
    [...rest.matchAll(/ key=(\S+) .*conn_cur=(\d+)/g)].map(([, id = "", open]) => [id, count(open)]),
  )
  // The first line of `show servers state` is the version of its format.
  const servers = table(answer.slice(answer.indexOf("#"), statAt), " ")
    .filter((row) => isSection(row.get("be_name")))
    .map((row) => seenIn(row, sessions, sockets))
  return { servers, checks: readCheckMap(rest) }
}

const seenIn = (
  row: ReadonlyMap<string, string>,
  sessions: ReadonlyMap<string, number>,
  sockets: ReadonlyMap<string, number>,
): Seen => {
  const id = row.get("srv_name") ?? ""
  const section = row.get("be_name") as Section
  const webSockets = section === "instances" ? (sockets.get(id) ?? 0) : 0
  return {
    section,
    id,
    ip: row.get("srv_addr") ?? "",
    port: Number(row.get("srv_port")),
    weight: Number(row.get("srv_uweight")),
    state: stateOf(Number(row.get("srv_admin_state"))),
    up: row.get("srv_op_state") !== "0",
    checked: (Number(row.get("srv_check_state")) & 4) !== 0,
    inFlight: Math.max(0, (sessions.get(`${section}/${id}`) ?? 0) - webSockets),
    webSockets,
  }
}

/**
 * The bits of `srv_admin_state`: 0x03, 0x20 and 0x40 are reasons for maintenance, 0x18 for draining. 0x04 only says that the
 * server was disabled in the file that the process was started with, and stays when it is ready again.
 */
const stateOf = (admin: number): Seen["state"] =>
  (admin & 0x63) !== 0 ? "maint" : (admin & 0x18) !== 0 ? "drain" : "ready"

/** True for an error that says that there is no process: nobody made the socket, or its maker is gone, or just dies. */
export const isAbsent = (error: unknown): boolean =>
  isFireclayError(error) &&
  ["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE"].includes(
    (error.cause as NodeJS.ErrnoException | undefined)?.code ?? "",
  )

const success = /^(New server registered\.|Server deleted\.|IP changed from |no need to change |port changed from )/

/** HAProxy reads a command line into a buffer of 16 KiB. */
const batches = (commands: readonly string[]): readonly (readonly string[])[] => {
  const all: string[][] = []
  let length = 0
  for (const command of commands) {
    const last = all.at(-1)
    if (last === undefined || length + command.length > 12_000) {
      all.push([command])
      length = command.length
    } else {
      last.push(command)
      length += command.length + 1
    }
  }
  return all
}

const table = (text: string, separator: string): readonly ReadonlyMap<string, string>[] => {
  const [header = "", ...lines] = text.split("\n").filter((line) => line !== "")
  const names = header.replace(/^# /, "").split(separator)
  return lines.map((line) => new Map(line.split(separator).map((value, index) => [names[index] ?? "", value])))
}

const count = (value: string | undefined): number => (value === undefined || value === "" ? 0 : Number(value))

const notRunning = (socketPath: string, cause: Error): FireclayError =>
  new FireclayError("FC_ROUTER", `the router does not answer: ${cause.message}`, {
    at: socketPath,
    remedy: "start it: every apply does so, and leaves its backends as they were",
    cause,
  })
