import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { dockerClient, pathOf } from "../../../src/engines/docker/client.ts"
import { type DockerUse, ensureDocker } from "../../support/docker.ts"

let use: DockerUse
beforeAll(async () => {
  use = await ensureDocker()
})
afterAll(() => use?.dispose())

describe("a daemon that refuses", () => {
  it("is told in its own words", async () => {
    const path = pathOf("/containers/json", { filters: { nonsense: ["x"] } })
    await expect(dockerClient().call({ method: "GET", path })).rejects.toMatchObject({
      code: "FC_DOCKER_REFUSED",
      message: expect.stringContaining("nonsense"),
      at: "GET /containers/json",
    })
  })
})
