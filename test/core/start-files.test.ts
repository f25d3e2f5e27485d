import { describe, expect, it } from "vitest"
import type { Resource, Spec } from "../../src/contract/index.ts"
import { bake, refuseBaked } from "../../src/core/bake.ts"
import { bundle } from "../../src/core/release.ts"
import { rollOut } from "../../src/core/rollout/rollout.ts"
import { openBundle } from "../../src/core/seal.ts"
import { openStartFiles, startSecrets, withoutStartSecrets } from "../../src/core/start-files.ts"
import { memoryEngine } from "../../src/engines/index.ts"
import { file } from "../../src/resources/index.ts"
import { fleet, inPlace, local, replace, secret, spec, ssh } from "../../src/spec/index.ts"
import { blueGreen, rolling } from "../../src/strategies/index.ts"
import { testBench } from "../support/bench.ts"
import { caught } from "../support/catch.ts"
import { nameFleet } from "../support/fleet.ts"
import { testSecrets } from "../support/secrets.ts"

const secrets = testSecrets({ JOIN: "the join token", DB: "the database's word" })
const self = { name: "web-r3-2", address: "10.0.0.7" }

const textsOf = (files: ReadonlyMap<string, Uint8Array>) =>
  Object.fromEntries([...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]))

const specOf = (more: Partial<Parameters<typeof spec>[1]>, resources: readonly Resource[] = []): Spec =>
  spec("web", { resources, ...more })

describe("what an instance finds at its start", () => {
  it("says what it is, as JSON and as variables", async () => {
    const files = textsOf((await openStartFiles(secrets, { fleet: "web", release: 3, image: "sha256:x" }))(self))
    expect(JSON.parse(files["instance.json"] ?? "")).toEqual({
      name: "web-r3-2",
      fleet: "web",
      index: 2,
      address: "10.0.0.7",
      release: 3,
      image: "sha256:x",
    })
    expect(files["instance.env"]).toBe(
      "FIRECLAY_NAME=web-r3-2\nFIRECLAY_FLEET=web\nFIRECLAY_INDEX=2\nFIRECLAY_ADDRESS=10.0.0.7\nFIRECLAY_RELEASE=3\nFIRECLAY_IMAGE=sha256:x\n",
    )
  })

  it("has of a machine in place no release: that changes while it runs", async () => {
    const files = textsOf((await openStartFiles(secrets, { fleet: "pets" }))({ name: "pets-1", address: "10.0.0.2" }))
    expect(JSON.parse(files["instance.json"] ?? "")).toEqual({
      name: "pets-1",
      fleet: "pets",
      index: 1,
      address: "10.0.0.2",
    })
  })

  it.each([
    ["a text", "I am {{ name }} at {{address}}", { "user-data": "I am web-r3-2 at 10.0.0.7" }],
    ["a secret", secret("JOIN"), { "user-data": "the join token" }],
    [
      "several files",
      { "a.json": '{ "n": {{ index }} }', token: secret("JOIN") },
      { "user-data/a.json": '{ "n": 2 }', "user-data/token": "the join token" },
    ],
  ] as const)("has %s as user data", async (_, userData, expected) => {
    const { manifest } = await bundle(specOf({ userData }), "/")
    const start = await openStartFiles(secrets, { fleet: "web", release: 3, userData: manifest.userData })
    expect(textsOf(start(self))).toMatchObject(expected)
  })

  it("is refused when a text asks for what no instance is", async () => {
    const error = await caught(() => bundle(specOf({ userData: { "a.json": "{{ hostname }}" } }), "/"))
    expect([error.code, error.at]).toEqual(["FC_SPEC_TEMPLATE", "specs.web.userData: user-data/a.json"])
  })

  it("makes another release when it changes, and holds no value of a secret there", async () => {
    const [one, two, three] = await Promise.all(
      ["a", "b", secret("JOIN")].map((userData) => bundle(specOf({ userData }), "/")),
    )
    expect(new Set([one?.digest, two?.digest, three?.digest]).size).toBe(3)
    expect(JSON.stringify(three?.manifest)).not.toContain("the join token")
  })

  it("is not for servers that exist", async () => {
    const error = await caught(async () =>
      fleet(specOf({ userData: "x" }), { on: ssh({ hosts: ["web1"] }), by: inPlace({ strategy: rolling() }) }),
    )
    expect([error.code, error.at]).toEqual(["FC_FLEET_DELIVERY", "specs.web.userData"])
  })

  it.each(["../x", "a/b", ".x", ""])("is no file called %j", async (name) => {
    expect((await caught(async () => specOf({ userData: { [name]: "" } }))).code).toBe("FC_SPEC_VALUE")
  })
})

describe("the secrets of run, by replacement", () => {
  const withSecret = specOf({ run: { command: ["/bin/true"], environment: { DB: secret("DB"), MORE: "plain" } } })

  it("are a link in the image, and a file at the start", async () => {
    const opened = await openBundle(secrets, await bundle(withSecret, "/"))
    expect(
      withoutStartSecrets(opened.manifest.resources).find(({ id }) => id === "file:/etc/fireclay/web.env"),
    ).toEqual({
      type: "link",
      id: "file:/etc/fireclay/web.env",
      want: { path: "/etc/fireclay/web.env", target: "/run/fireclay/web.env" },
      contents: [],
    })
    expect(textsOf(startSecrets(opened))).toEqual({ "web.env": 'DB="the database\'s word"\n' })
  })

  it("need not be known to bake, and the image is the same whatever they are", async () => {
    const bundled = await bundle(withSecret, "/")
    const bench = testBench()
    const other = await openBundle(testSecrets({ DB: "another" }), bundled)
    expect((await bake(bench, "web", bundled)).image).toEqual((await bake(bench, "web", other)).image)
  })

  it("stay refused as the content of a file", async () => {
    const bundled = await bundle(specOf({}, [file("/etc/token", { content: secret("DB") })]), "/")
    expect(() => refuseBaked(bundled)).toThrow(expect.objectContaining({ code: "FC_SECRET_BAKED" }))
  })

  it("reach every instance, also those that are made on the way back", async () => {
    const given = new Map<string, Record<string, string>>()
    const engine = memoryEngine({ onStart: (name, files) => given.set(name, textsOf(files)) })
    const sick = new Set<string>()
    const web = (version: string) =>
      nameFleet(
        fleet(
          spec("web", {
            resources: [file("/srv/version", { content: version })],
            run: { command: ["/bin/true"], environment: { DB: secret("DB") } },
            port: 80,
            health: { path: `/${version}`, within: "1s" },
          }),
          { on: local({ count: 1 }), by: replace({ strategy: blueGreen() }), listen: 80 },
        ),
      )
    const bench = {
      ...testBench({
        engine,
        probe: async ({ health }) =>
          sick.has(health.path) ? { healthy: false, lastError: "refused" } : { healthy: true, afterMs: 1 },
      }),
      secrets,
    }
    const apply = async (version: string) =>
      rollOut(bench, web(version), { bundle: await bundle(web(version).spec, "/") })
    await apply("one")
    await engine.stop("web-r1-1")
    sick.add("/two")
    expect((await caught(() => apply("two"))).code).toBe("FC_ROLLOUT_REVERTED")
    const env = 'DB="the database\'s word"\n'
    expect([...given].map(([name, files]) => [name, files["web.env"]])).toEqual([
      ["web-r1-1", env],
      ["web-r2-1", env],
    ])
    expect(given.get("web-r1-1")?.["instance.env"]).toContain("FIRECLAY_RELEASE=1")
    expect(JSON.stringify(await bench.store.events())).not.toContain("database's word")
  })
})
