import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Secrets } from "../../src/contract/index.ts"
import { bake } from "../../src/core/bake.ts"
import { createRelease, loadBundle, readFleet } from "../../src/core/ledger.ts"
import { planFleet } from "../../src/core/plan-fleet.ts"
import { type Bundle, bundle } from "../../src/core/release.ts"
import { bytesToWrite, openBundle } from "../../src/core/seal.ts"
import { defineProject, fleet, local, replace, secret, spec } from "../../src/index.ts"
import { command, file } from "../../src/resources/index.ts"
import { memoryStore } from "../../src/stores/index.ts"
import { blueGreen } from "../../src/strategies/index.ts"
import { testBench } from "../support/bench.ts"
import { caught } from "../support/catch.ts"
import { testSecrets } from "../support/secrets.ts"

let directory = ""
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "fireclay-seal-"))
  await writeFile(join(directory, "conf"), "{{ user }}:{{ password }}\n")
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const token = secret("TOKEN", { command: ["pass", "token"] })
const described = (from = token) =>
  spec("web", {
    resources: [
      file("/token", { content: from }),
      file("/conf", { template: "conf", variables: { user: "app", password: token } }),
      command("call", { run: ["x"], check: ["y"], environment: { A: "plain", B: token } }),
    ],
    run: { command: ["/bin/true"], environment: { C: "plain", D: token } },
  })
const made = (): Promise<Bundle> => bundle(described(), directory)
const values = { TOKEN: 'hush "$\\`hush\nsecond line' }

/** Secrets that nobody may read yet. */
const locked: Secrets = {
  ...testSecrets(),
  read: async () => {
    throw new Error("a secret was read")
  },
}

describe("a release with secrets", () => {
  it("names them and how their content is made, and reads none", async () => {
    const data = { secret: "TOKEN", source: { from: "command", argv: ["pass", "token"] } }
    const { manifest } = await made()
    expect(manifest.resources.flatMap(({ contents }) => contents.map(({ sealed }) => sealed))).toEqual([
      { secret: data },
      { template: expect.stringMatching(/^[0-9a-f]{64}$/), variables: { user: "app", password: data } },
      { assignments: { B: data }, form: "shell" },
      { assignments: { D: data }, form: "unit" },
      undefined,
    ])
    expect(JSON.parse(JSON.stringify(manifest))).toEqual(manifest)
    expect(manifest.resources.find(({ type }) => type === "command")?.want).toMatchObject({
      environment: { A: "plain" },
    })
  })

  it("is the same whatever the secret is, and another when it comes from elsewhere", async () => {
    const opened = await Promise.all(
      ["one", "two"].map(async (TOKEN) => openBundle(testSecrets({ TOKEN }), await made())),
    )
    expect(new Set(opened.map(({ digest }) => digest)).size).toBe(1)
    const [one, two] = opened.map(({ manifest }) => manifest.resources[0]?.contents[0])
    expect(one?.sha256).not.toBe(two?.sha256)
    const elsewhere = described(secret("TOKEN"))
    expect((await bundle(elsewhere, directory)).digest).not.toBe(opened[0]?.digest)
  })

  it("is stored closed, also when it was opened before, and comes back as it was", async () => {
    const store = memoryStore()
    const opened = await openBundle(testSecrets(values), await made())
    const release = await createRelease(store, await readFleet(store, "web"), opened)
    const loaded = await loadBundle(store, release)
    const closed = await made()
    expect([loaded.manifest, loaded.digest, [...loaded.bytes.keys()].toSorted()]).toEqual([
      closed.manifest,
      closed.digest,
      [...closed.bytes.keys()].toSorted(),
    ])
    expect(JSON.stringify(await store.events())).not.toContain("hush")
    for (const digest of opened.opened?.bytes.keys() ?? []) expect(await store.blob(digest)).toBeUndefined()
  })

  it("is opened with the bytes for each place, as it takes them", async () => {
    const opened = await openBundle(testSecrets(values), await made())
    const bytes = bytesToWrite(opened, new Map())
    const texts = opened.manifest.resources.flatMap(({ contents }) =>
      contents.map(({ sha256 }) => Buffer.from(bytes.get(sha256) ?? []).toString()),
    )
    expect(texts.slice(0, 4)).toEqual([
      values.TOKEN,
      `app:${values.TOKEN}\n`,
      `export B='${values.TOKEN}'\n`,
      'D="hush \\"\\$\\\\\\`hush\nsecond line"\n',
    ])
  })

  it("has digests that depend on the project's key, and sizes that say little", async () => {
    const other: Secrets = { ...testSecrets(values), sealKey: async () => Buffer.alloc(32, 8) }
    const all = await Promise.all(
      [testSecrets(values), other].map(async (secrets) => openBundle(secrets, await made())),
    )
    const [one, two] = all.map(({ manifest }) => manifest.resources[0]?.contents[0])
    expect(one?.sha256).not.toBe(two?.sha256)
    expect(one?.size).toBe(4096)
  })

  it.each<readonly [string, Uint8Array | string, string]>([
    ["bytes that are no text", Uint8Array.of(255, 254, 1, 2), "is not text, and so cannot be part of one"],
    ["a control character", "a\u0001bcd", "holds control characters, which systemd does not take"],
  ])("refuses %s where they cannot be written down", async (_, value, message) => {
    const secrets: Secrets = { ...testSecrets(), read: async () => Buffer.from(value) }
    const error = await caught(async () => openBundle(secrets, await made()))
    expect([error.code, error.message]).toEqual(["FC_SPEC_VALUE", expect.stringContaining(message)])
    expect(JSON.stringify([error.message, error.remedy])).not.toContain("bcd")
  })

  it("with a mistake in a template is refused before any secret is read", async () => {
    const resources = [file("/conf", { template: "conf", variables: { password: token } })]
    expect((await caught(() => bundle(spec("web", { resources }), directory))).code).toBe("FC_SPEC_TEMPLATE")
  })
})

describe("an image", () => {
  const cattle = defineProject({
    name: "project",
    fleets: { web: fleet(described(), { on: local({ count: 1 }), by: replace({ strategy: blueGreen() }) }) },
  }).fleets.web

  it("holds no secret: neither plan nor build goes on, and none is read", async () => {
    if (cattle === undefined) throw new Error("no fleet")
    const bench = { ...testBench(), secrets: locked }
    const bundled = await made()
    for (const work of [() => planFleet(bench, cattle, bundled), () => bake(bench, "web", bundled)]) {
      const error = await caught(work)
      expect([error.code, error.at]).toEqual(["FC_SECRET_BAKED", "specs.web: file:/token"])
      expect(error.message).toContain("‹secret TOKEN›")
    }
  })
})
