import type { Duplex } from "node:stream"
import { FireclayError, isFireclayError, type Machine } from "../../contract/index.ts"
import { dockerMachine } from "../../machines/docker.ts"
import type { Place } from "../local/place.ts"
import { type DockerClient, messageOf, pathOf } from "./client.ts"
import { describeContainer, findContainer } from "./instances.ts"
import { containerName } from "./marks.ts"

/** The machine that a container is. */
export const containerMachine = (client: DockerClient, at: Place, name: string): Machine =>
  dockerMachine({
    name,
    address: async () => {
      const container = await findContainer(client, at, name)
      if (container !== undefined) return describeContainer(container).address
      throw unreachable(name, `there is no container ${name}`)
    },
    exec: (argv) => execute(client, at, name, argv),
    lastWords: (lines) => lastWords(client, containerName(at, name), lines),
  })

const execute = async (client: DockerClient, at: Place, name: string, argv: readonly string[]): Promise<Duplex> => {
  const answer = await client.call({
    method: "POST",
    path: `/containers/${containerName(at, name)}/exec`,
    json: {
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Cmd: argv,
      User: "0",
      WorkingDir: "/",
    },
    accept: [404, 409, 500],
  })
  if (answer.status >= 300) throw unreachable(name, messageOf(answer))
  const { Id } = JSON.parse(answer.body.toString()) as { readonly Id: string }
  try {
    return await client.upgrade({
      method: "POST",
      path: `/exec/${Id}/start`,
      json: { Detach: false, Tty: false },
    })
  } catch (error) {
    // It stopped between the two calls.
    if (isFireclayError(error) && error.code === "FC_DOCKER_REFUSED") throw unreachable(name, error.message)
    throw error
  }
}

const lastWords = async (client: DockerClient, container: string, lines: number): Promise<readonly string[]> => {
  const path = pathOf(`/containers/${container}/logs`, { stdout: "1", stderr: "1", tail: String(lines) })
  const { status, body } = await client.call({ method: "GET", path, accept: [404, 409, 500, 501] })
  return status >= 300
    ? []
    : unframed(body)
        .split("\n")
        .filter((line) => line !== "")
        .slice(-lines)
}

/** Eight bytes stand before each piece, the last four its length. */
const unframed = (body: Buffer): string => {
  const pieces: Buffer[] = []
  for (let at = 0; at + 8 <= body.length; ) {
    const end = at + 8 + body.readUInt32BE(at + 4)
    pieces.push(body.subarray(at + 8, end))
    at = end
  }
  return Buffer.concat(pieces).toString()
}

const unreachable = (name: string, message: string): FireclayError =>
  new FireclayError("FC_MACHINE_UNREACHABLE", `docker ${name}: ${message}`, {
    at: name,
    remedy: "fireclay status, then fireclay apply, which makes another",
  })
