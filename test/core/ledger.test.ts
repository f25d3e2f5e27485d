import { describe, expect, it } from "vitest"
import type { NewEvent } from "../../src/contract/index.ts"
import { createRelease, loadBundle, type OpenRollout, readFleet, releaseOf } from "../../src/core/ledger.ts"
import { bundle } from "../../src/core/release.ts"
import { file } from "../../src/resources/index.ts"
import { spec } from "../../src/spec/index.ts"
import { memoryStore } from "../../src/stores/index.ts"
import { caught } from "../support/catch.ts"

const event = (kind: string, body: NewEvent["body"] = {}, fleet = "web"): NewEvent => ({ fleet, kind, body })
const created = (number: number) => event("release.created", { number, digest: `sha256:${number}`, manifest: {} })
const started = (from: number | null, to: number) => event("rollout.started", { rollout: `r${to}`, from, to })
const moves = event("rollout.moves", { rollout: "r1", moves: [] })
const finished = (to: number) => event("rollout.finished", { rollout: `r${to}`, to })
const wentBack = (to: number) => event("rollout.finished", { rollout: `r${to}`, to, back: true })
const reverted = (to: number | null) => event("rollout.reverted", { rollout: "r", to, failed: 9 })
const stopped = event("rollout.stopped", { rollout: "r2", from: 1, to: 2, versions: { web1: 2, web2: 1 } })
const partly = event("rollout.finished", { rollout: "r2", to: 2, versions: { web1: 2, web2: 1, web3: null } })
const failed = event("rollout.failed", { rollout: "r" })
const destroyed = event("fleet.destroyed")
const baked = event("image.baked", { inputs: "x", image: "y" })
const first = [created(1), started(null, 1), moves, finished(1)]

interface Row {
  readonly when: string
  readonly log: readonly NewEvent[]
  readonly releases?: readonly number[]
  readonly current?: number
  readonly history?: readonly number[]
  readonly open?: OpenRollout
  readonly stopped?: OpenRollout
  readonly rejected?: readonly number[]
  readonly elsewhere?: { readonly [member: string]: number | undefined }
}

const rows: readonly Row[] = [
  { when: "nothing happened", log: [] },
  { when: "only others had events", log: [event("release.created", { number: 1 }, "other")] },
  { when: "a release was made", log: [created(1), baked], releases: [1] },
  { when: "the first rollout runs", log: first.slice(0, 3), releases: [1], open: { id: "r1", from: undefined, to: 1 } },
  { when: "it finished", log: first, releases: [1], current: 1, history: [1] },
  {
    when: "the second runs",
    log: [...first, created(2), started(1, 2)],
    releases: [1, 2],
    current: 1,
    history: [1],
    open: { id: "r2", from: 1, to: 2 },
  },
  {
    when: "it was reverted",
    log: [...first, created(2), started(1, 2), reverted(1)],
    releases: [1, 2],
    current: 1,
    history: [1],
  },
  {
    when: "it failed and could not be reverted",
    log: [...first, created(2), started(1, 2), failed],
    releases: [1, 2],
    current: 1,
    history: [1],
  },
  { when: "the first was reverted", log: [created(1), started(null, 1), reverted(null)], releases: [1] },
  {
    when: "it went back to the first",
    log: [...first, created(2), started(1, 2), finished(2), started(2, 1), finished(1)],
    releases: [1, 2],
    current: 1,
    history: [1, 2, 1],
  },
  {
    when: "somebody went back to the first",
    log: [...first, created(2), started(1, 2), finished(2), started(2, 1), wentBack(1)],
    releases: [1, 2],
    current: 1,
    history: [1, 2, 1],
    rejected: [2],
  },
  {
    when: "somebody went back, and forward again all the same",
    log: [...first, created(2), started(1, 2), finished(2), wentBack(1), started(1, 2), finished(2)],
    releases: [1, 2],
    current: 2,
    history: [1, 2, 1, 2],
  },
  { when: "it was destroyed: releases stay known", log: [...first, started(1, 1), destroyed], releases: [1] },
  {
    when: "the second was stopped half-way",
    log: [...first, created(2), started(1, 2), stopped],
    releases: [1, 2],
    current: 1,
    history: [1],
    stopped: { id: "r2", from: 1, to: 2 },
    elsewhere: { web1: 2 },
  },
  {
    when: "the second was stopped half-way, and the third reverted",
    log: [...first, created(2), started(1, 2), stopped, created(3), started(1, 3), reverted(1)],
    releases: [1, 2, 3],
    current: 1,
    history: [1],
    stopped: { id: "r2", from: 1, to: 2 },
    elsewhere: { web1: 2 },
  },
  {
    when: "it was stopped half-way, and then finished without one machine",
    log: [...first, created(2), started(1, 2), stopped, started(1, 2), partly],
    releases: [1, 2],
    current: 2,
    history: [1, 2],
    elsewhere: { web2: 1, web3: undefined },
  },
  {
    when: "it was stopped half-way, and then destroyed",
    log: [...first, created(2), started(1, 2), stopped, destroyed],
    releases: [1, 2],
  },
  {
    when: "kinds of a later Fireclay are there",
    log: [...first, event("patch.applied")],
    releases: [1],
    current: 1,
    history: [1],
  },
]

describe("the record of a fleet", () => {
  it.each(rows)(
    "when $when",
    async ({ log, releases = [], current, history = [], open, stopped: half, elsewhere = {}, rejected = [] }) => {
      const store = memoryStore()
      await store.append(log)
      const { since, rejected: left, ...record } = await readFleet(store, "web")
      expect([...left]).toEqual(rejected)
      expect(since === undefined).toBe(current === undefined && history.length === 0)
      expect(record.releases.map(({ number }) => number)).toEqual(releases)
      expect({ ...record, releases: [] }).toStrictEqual({
        fleet: "web",
        releases: [],
        current,
        open,
        stopped: half,
        elsewhere: new Map(Object.entries(elsewhere)),
        history,
      })
    },
  )
})

const bundleOf = (text: string) => bundle(spec("web", { resources: [file("/a", { content: text })] }), "/")

describe("a release", () => {
  it("is kept with its bytes and comes back as it was", async () => {
    const store = memoryStore()
    const made = await bundleOf("content")
    const release = await createRelease(store, await readFleet(store, "web"), made)
    const record = await readFleet(store, "web")
    expect(releaseOf(record, 1)).toEqual(release)
    const loaded = await loadBundle(store, release)
    expect(loaded.digest).toBe(made.digest)
    expect(loaded.manifest).toEqual(made.manifest)
    expect([...loaded.bytes.values()].map((bytes) => Buffer.from(bytes).toString())).toEqual(["content"])
  })

  it("has the number after the highest, for each fleet apart", async () => {
    const store = memoryStore()
    await store.append([created(1), created(7), destroyed, event("release.created", { number: 30 }, "other")])
    const { number } = await createRelease(store, await readFleet(store, "web"), await bundleOf("x"))
    expect(number).toBe(8)
  })

  it("stands in the log only once its bytes are kept", async () => {
    const store = memoryStore()
    const full = { ...store, putBlob: async () => Promise.reject(new Error("no room")) }
    await expect(createRelease(full, await readFleet(store, "web"), await bundleOf("x"))).rejects.toThrow("no room")
    expect(await store.events()).toEqual([])
  })

  it("that is unknown is an error that says how to see the others", async () => {
    const error = await caught(async () => releaseOf(await readFleet(memoryStore(), "web"), 3))
    expect([error.code, error.at, error.remedy]).toEqual(["FC_RELEASE_UNKNOWN", "fleets.web", "fireclay releases web"])
  })

  it("whose bytes are lost is an error that names them", async () => {
    const store = memoryStore()
    const release = await createRelease(store, await readFleet(store, "web"), await bundleOf("x"))
    const error = await caught(() => loadBundle({ ...store, blob: async () => undefined }, release))
    expect(error.code).toBe("FC_STORE")
    expect(error.at).toContain(release.manifest.resources[0]?.contents[0]?.sha256)
  })
})
