import { describe, expect, it } from "vitest"
import { memoryRouter } from "../../src/routers/index.ts"
import { routerSuite } from "../../src/testing/router-suite.ts"

routerSuite(
  "memory",
  async () => {
    const router = memoryRouter()
    return { router, reopen: () => router, url: "", previewUrl: "", leftovers: async () => [] }
  },
  { carriesTraffic: false },
)

describe("memoryRouter", () => {
  it("reports what is in flight as it is told to", async () => {
    const router = memoryRouter({ inFlight: (id) => (id === "a" ? 3 : 0), webSockets: () => 2 })
    await router.start()
    await router.admit([{ id: "a", address: "10.0.0.1", port: 80 }])
    expect(await router.list()).toEqual([
      { id: "a", address: "10.0.0.1", port: 80, weight: 100, state: "ready", up: true, inFlight: 3, webSockets: 2 },
    ])
  })
})
