import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Sighting } from "../../../src/contract/index.ts"
import { containerName } from "../../../src/engines/docker/marks.ts"
import { place } from "../../../src/engines/local/place.ts"
import { bake, base, instanceWant, on } from "../../../src/testing/engine-support.ts"
import { type DockerUse, docker, ensureDocker } from "../../support/docker.ts"
import { testDockerEngine, testDockerProject } from "./support.ts"

const project = testDockerProject()
const engine = testDockerEngine(project)
const container = containerName(place(project.options), "watch-1")

let use: DockerUse
const stop = new AbortController()
const seen: Sighting[] = []
let watched: Promise<void> | undefined

beforeAll(async () => {
  use = await ensureDocker()
  const { digest } = await bake(engine, { base }, "mkdir -p /srv/work")
  const capabilities = { runsShell: true, readOnlyInstances: true, systemd: { machines: false, instances: false } }
  await engine.create({ ...instanceWant(capabilities, "watch-1", digest), scratch: ["/srv/work"] })
  watched = engine.watch?.("watch-1", (sighting) => seen.push(sighting), stop.signal)
  // Fireclay's own, of which nothing may be told.
  await on(engine, "watch-1", "true")
  // The watch has begun when one of them is told.
  for (let count = 1; seen.length === 0; count++) await docker(["exec", container, "true", String(count)])
})

afterAll(async () => {
  stop.abort()
  await watched
  await engine.destroy({ volumes: true })
  await use?.dispose()
})

const until = async (isIt: (sighting: Sighting) => boolean): Promise<void> => {
  while (!seen.some(isIt)) await new Promise((resolve) => setTimeout(resolve, 20))
}

describe("a container that is watched", () => {
  it("tells who starts a program in it through the daemon", async () => {
    await docker(["exec", "--user", "nobody", container, "id", "-u"])
    await until((sighting) => sighting.kind === "login session" && sighting.who === "nobody by exec of id -u")
  })

  it("tells what programs come to it, on the daemon's own computer", async () => {
    await docker(["exec", container, "cp", "/bin/true", "/srv/work/tool"])
    await until((sighting) => sighting.kind === "program" && sighting.path === "/srv/work/tool")
  })

  it("tells nothing of Fireclay's own looks", async () => {
    await on(engine, "watch-1", "echo x >/srv/work/data")
    await docker(["exec", container, "true", "last"])
    await until((sighting) => sighting.kind === "login session" && sighting.who.endsWith("true last"))
    expect(seen.filter((sighting) => "who" in sighting && !/ of (true \w+|id -u|cp .*)$/.test(sighting.who))).toEqual(
      [],
    )
  })
})
