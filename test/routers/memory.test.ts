import { describe, expect, it } from "vitest"
import { memoryRouter } from "../../src/routers/index.ts"
import { routerSuite } from "../../src/testing/router-suite.ts"

routerSuite(
  "memory",
  async () => {
    const router = memoryRouter()
    return { router, reopen: () => router, url: "", leftovers: async () => [] }
  },
  { carriesTraffic: false },
)

describe("memoryRouter", () => {
  it("reports the requests in flight that it is told to", async () => {
    const router = memoryRouter({ inFlight: (id) => (id === "a" ? 3 : 0) })
    await router.start()
    await router.admit([{ id: "a", address: "10.0.0.1", port: 80 }])
    expect(await router.list()).toEqual([
      { id: "a", address: "10.0.0.1", port: 80, state: "ready", up: true, inFlight: 3 },
    ])
  })
})
