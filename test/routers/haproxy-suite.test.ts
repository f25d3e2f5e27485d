import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { routerSuite } from "../../src/testing/router-suite.ts"
import { underTest } from "./fixture.ts"

let directory: string
let made = 0

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "fireclay-router-"))
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

routerSuite("haproxy", () => underTest(join(directory, `home ${++made}`), { sticky: "keeps" }), {
  carriesTraffic: true,
})
