import { createServer, type Server } from "node:net"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { openConnections } from "../../src/builtin/connections.ts"
import type { SshHost } from "../../src/contract/index.ts"
import { type SshMachine, sshMachine } from "../../src/machines/index.ts"
import { caught } from "../support/catch.ts"

/** Takes connections and hangs up, so that ssh fails; counts them. */
let server: Server
let knocks = 0
const host = (): SshHost => {
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the server has no port")
  return { name: "web1", destination: "127.0.0.1", port: address.port, sshConfig: "/dev/null" }
}
const quick = { tries: 2, backoffMs: 1 }

beforeEach(async () => {
  knocks = 0
  server = createServer((socket) => {
    knocks += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
})
afterEach(() => new Promise((resolve) => server.close(resolve)))

/** Waits, turn by turn, until the server was called. */
const called = async (): Promise<void> => {
  while (knocks === 0) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe("connecting ahead of the first script", () => {
  it("begins by itself", async () => {
    const machine = sshMachine(host(), quick)
    machine.connect()
    await called()
    await machine.close()
  })

  it("tells its failure to the first script, which does not try as often again", async () => {
    const machine = sshMachine(host(), quick)
    machine.connect()
    const error = await caught(() => machine.sh("true"))
    expect(error).toMatchObject({ code: "FC_MACHINE_UNREACHABLE", at: "web1" })
    expect(error.message).toContain("(2 tries in ")
    expect(knocks).toBe(2)
    expect(await caught(() => machine.sh("true"))).toMatchObject({ code: "FC_MACHINE_UNREACHABLE" })
    expect(knocks).toBe(4)
    await machine.close()
  })

  it("that fails is no unhandled rejection when no script follows", async () => {
    const machine = sshMachine(host(), quick)
    machine.connect()
    await called()
    await machine.close()
    expect(knocks).toBeLessThanOrEqual(2)
  })

  it("is given up when the machine is closed", async () => {
    const machine: SshMachine = sshMachine(host(), { tries: 1_000, backoffMs: 60_000 })
    machine.connect()
    await called()
    await machine.close()
    expect(knocks).toBe(1)
  })

  it("is given up when the run is cancelled", async () => {
    const cancel = new AbortController()
    const machine = sshMachine(host(), { tries: 1_000, backoffMs: 60_000 })
    machine.connect(cancel.signal)
    await called()
    cancel.abort()
    expect((await caught(() => machine.sh("true"))).message).toContain("the run was cancelled")
    await machine.close()
  })
})

describe("connections", () => {
  it("are one for each server, whatever fleets call it", async () => {
    const connections = openConnections({})
    expect(connections.machine(host())).toBe(connections.machine(host()))
    expect(connections.machine({ ...host(), destination: "localhost" })).not.toBe(connections.machine(host()))
    await connections.close()
  })
})
