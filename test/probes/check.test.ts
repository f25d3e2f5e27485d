import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Gate } from "../../src/contract/index.ts"
import { outsideCheck } from "../../src/probes/index.ts"
import { commandCheck, httpCheck } from "../../src/strategies/index.ts"

const server = createServer((request, response) => {
  if (request.url === "/never") return
  response.statusCode = Number(request.url?.slice(1))
  response.end("said")
})

beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const url = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`

type Outside = Extract<Gate, { readonly kind: "http" | "command" }>

const ask = (gate: Gate) => outsideCheck(gate as Outside)

describe("a check of what stands outside", () => {
  it.each<readonly [string, () => Gate, boolean, string | RegExp]>([
    ["a good status", () => httpCheck(url("/200")), true, "status 200"],
    ["another status", () => httpCheck(url("/503")), false, "status 503"],
    ["a status that was asked for", () => httpCheck(url("/204"), { status: [200, 204] }), true, "status 204"],
    [
      "a URL that does not answer",
      () => httpCheck(url("/never"), { within: "100ms" }),
      false,
      "no answer within 0.1 s",
    ],
    ["a port at which nobody listens", () => httpCheck("http://127.0.0.1:1/"), false, "ECONNREFUSED"],
    ["a program that is content", () => commandCheck(["true"]), true, "exit code 0"],
    ["one that is not, and why", () => commandCheck(["sh", "-c", "echo bad >&2; exit 3"]), false, "exit code 3: bad"],
    ["one that hangs", () => commandCheck(["sleep", "60"], { within: "100ms" }), false, "no answer within 0.1 s"],
    ["one that there is not", () => commandCheck(["/nowhere/at-all"]), false, /not installed/],
    [
      "words that a shell would take apart",
      () => commandCheck(["echo", "a; exit 1 $(b)"]),
      true,
      "exit code 0: a; exit 1 $(b)",
    ],
  ])("%s", async (_, gate, good, said) => {
    expect(await ask(gate())).toEqual({ good, said: typeof said === "string" ? said : expect.stringMatching(said) })
  })
})
