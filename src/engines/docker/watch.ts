import { readFile } from "node:fs/promises"
import type { Sighting } from "../../contract/index.ts"
import { watchInside } from "../watch/inside.ts"
import { type DockerClient, pathOf } from "./client.ts"

/**
 * Watches a container: what is started in it through the daemon, by the daemon's own events, and, where the daemon is on
 * this computer, what happens inside.
 */
export const watchContainer = async (
  client: DockerClient,
  id: string,
  tell: (seen: Sighting) => void,
  signal: AbortSignal,
): Promise<void> => {
  const { State } = await client.json<{ readonly State: { readonly Pid: number } }>({
    method: "GET",
    path: `/containers/${id}/json`,
  })
  const ended = new AbortController()
  const over = AbortSignal.any([signal, ended.signal])
  const inside = (await isHere(State.Pid, id))
    ? watchInside(State.Pid, tell, over).finally(() => ended.abort())
    : undefined
  const execs = watchExecs(client, id, { tell, signal: over, seesTerminals: inside !== undefined })
  // Podman has other events: what happens inside is seen all the same.
  const known = inside === undefined ? execs : execs.catch(() => undefined)
  await Promise.all([inside, known]).finally(() => ended.abort())
}

/** Its first process is one of this computer's. */
const isHere = async (pid: number, id: string): Promise<boolean> =>
  pid > 0 && (await readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => "")).includes(id)

interface Execs {
  readonly tell: (seen: Sighting) => void
  readonly signal: AbortSignal
  /** Who has a terminal is seen from elsewhere. */
  readonly seesTerminals: boolean
}

const watchExecs = async (client: DockerClient, id: string, { tell, signal, seesTerminals }: Execs): Promise<void> => {
  const filters = { container: [id], event: ["exec_start", "die"] }
  const events = await client.stream({ method: "GET", path: pathOf("/events", { filters }) }, signal)
  let held = ""
  try {
    for await (const chunk of events) {
      held += String(chunk)
      const lines = held.split("\n")
      held = lines.pop() ?? ""
      for (const event of lines.filter((line) => line !== "").map((line) => JSON.parse(line) as DockerEvent)) {
        if (event.Action === "die") return
        const seen = await describeExec(client, event, seesTerminals)
        if (seen !== undefined) tell(seen)
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

interface DockerEvent {
  readonly Action: string
  readonly Actor: { readonly Attributes: { readonly execID?: string } }
}

interface Exec {
  readonly ProcessConfig: {
    readonly tty: boolean
    readonly entrypoint: string
    readonly arguments: readonly string[] | null
    readonly user?: string
  }
}

const describeExec = async (
  client: DockerClient,
  { Actor }: DockerEvent,
  seesTerminals: boolean,
): Promise<Sighting | undefined> => {
  const { execID } = Actor.Attributes
  if (execID === undefined) return undefined
  const call = { method: "GET", path: `/exec/${execID}/json`, accept: [404] } as const
  const { status, body } = await client.call(call)
  if (status !== 200) return undefined
  const { tty, entrypoint, arguments: words, user } = (JSON.parse(body.toString()) as Exec).ProcessConfig
  const argv = [entrypoint, ...(words ?? [])]
  if (isOwn(argv) || (tty && seesTerminals)) return undefined
  return { kind: "login session", who: `${user || "root"} by exec of ${argv.join(" ")}`, program: entrypoint }
}

/** Fireclay's own looks. Who takes pains to look like one is not told of. */
const isOwn = (argv: readonly string[]): boolean =>
  argv[0] === "/usr/bin/env" && argv[1] === "-i" && argv.some((word) => /^FC_SESSION=[0-9a-f]{16}$/.test(word))
