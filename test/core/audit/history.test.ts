import { describe, expect, it } from "vitest"
import type { NewEvent } from "../../../src/contract/index.ts"
import { namesIn, readHistory } from "../../../src/core/audit/history.ts"
import { memoryStore } from "../../../src/stores/index.ts"

const event = (kind: string, body: NewEvent["body"] = {}, fleet = "web"): NewEvent => ({ fleet, kind, body })

const life: readonly NewEvent[] = [
  event("machine.facts", {
    machine: "web1",
    facts: { os: { name: "Debian GNU/Linux", version: "12" }, kernel: "6.1.0", architecture: "x86_64" },
  }),
  event("release.created", { number: 1, digest: `sha256:${"ab".repeat(32)}`, manifest: {} }),
  event("rollout.started", { rollout: "r", from: null, to: 1, strategy: "rolling", delivery: "in-place" }),
  event("rollout.moves", { rollout: "r", moves: [{ do: "update", id: "web1" }] }),
  event("rollout.finished", { rollout: "r", from: null, to: 1, seconds: 2.25, versions: { web1: 1, web2: 1 } }),
  event("limited.applied", { machines: ["web1"], resources: ["file:/etc/motd"], changed: ["web1"], seconds: 1 }),
  event("rollout.started", { rollout: "s", from: 1, to: 2, strategy: "rolling", delivery: "in-place" }),
  event("rollout.told", { rollout: "s", word: "pause" }),
  event("rollout.reverted", { rollout: "s", from: 1, to: 1, failed: 2, message: "web2 is unhealthy" }),
  event("rollout.stopped", { rollout: "t", from: 1, to: 3, message: "no room", versions: { web1: 3, web2: 1 } }),
  event("rollout.finished", { rollout: "u", from: 1, to: 1, seconds: 1, back: true, versions: { web1: 1, web2: 1 } }),
  event("fleet.unlocked", { from: "bob@desk" }, "db"),
]

const tell = async (...names: readonly string[]): Promise<readonly string[]> => {
  const store = memoryStore({ who: "ann@laptop" })
  await store.append(life)
  return (await readHistory(store, names)).map(({ what }) => what)
}

describe("readHistory", () => {
  it("tells what came of a fleet's rollouts, and not how they work", async () => {
    expect(await tell("web")).toEqual([
      "release 1 was made (abababababab)",
      "rollout of release 1 began: rolling, in place",
      "release 1 is in force, after 2.3 s",
      "limited run changed web1, only file:/etc/motd, after 1.0 s",
      "rollout from 1 to release 2 began: rolling, in place",
      "somebody said: pause",
      "release 2 failed and was taken back to 1: web2 is unhealthy",
      "rollout of release 3 stopped half-way: no room",
      "release 1 is in force, on purpose again, after 1.0 s",
    ])
  })

  it("tells a machine's life: what it is, which releases it came to, what was done to it", async () => {
    expect(await tell("web1")).toEqual([
      "is Debian GNU/Linux 12, 6.1.0, x86_64",
      "is at release 1",
      "was changed by a limited run: file:/etc/motd",
      "is at release 3",
      "is at release 1",
    ])
    expect(await tell("web2")).toEqual(["is at release 1"])
  })

  it("tells of several together in order, and of all when none is named", async () => {
    expect(await tell("web2", "db")).toEqual(["is at release 1", "taken over from bob@desk"])
    expect(await tell()).toHaveLength(10)
  })

  it("tells who, when and of which fleet", async () => {
    const store = memoryStore({ who: "ann@laptop", now: () => 0 })
    await store.append([event("fleet.destroyed")])
    expect(await readHistory(store, [])).toEqual([
      {
        number: 1,
        at: "1970-01-01T00:00:00.000Z",
        who: "ann@laptop",
        fleet: "web",
        kind: "fleet.destroyed",
        what: "destroyed",
      },
    ])
  })

  it.each([
    [3, "rollout from 4 to release 4 began: rolling, by replacement, 3 instances"],
    [5, "rollout from 4 to release 4 began: rolling, by replacement, 5 instances (scaled: the configuration says 3)"],
  ])("tells how many instances there are to be: %i", async (size, what) => {
    const store = memoryStore()
    const body = { from: 4, to: 4, strategy: "rolling", delivery: "replace", size, configured: 3 }
    await store.append([event("rollout.started", body)])
    expect((await readHistory(store, ["web"])).map((each) => each.what)).toEqual([what])
  })

  it("tells what takes the place of what, where what was written lies, and whose changes were wanted", async () => {
    const store = memoryStore()
    const body = { from: 4, to: 4, strategy: "rolling", delivery: "replace", drifted: { "web-r4-1": "2026-01-01" } }
    await store.append([
      event("rollout.started", body),
      event("drift.replaced", { machine: "web-r4-1", release: 4, evidence: ".fireclay/evidence/x", digest: "y" }),
      event("drift.replaced", { machine: "web-r4-2", release: 4 }),
      event("drift.adopted", { machine: "web1", resources: ["file:/a", "file:/b"] }),
    ])
    expect((await readHistory(store, ["web"])).map(({ what }) => what)).toEqual([
      "rollout from 4 to release 4 began: rolling, by replacement, in the place of what drifted: web-r4-1",
      "web-r4-1 goes, because it drifted; what was written on it is in .fireclay/evidence/x",
      "web-r4-2 goes, because it drifted; nothing could be kept of it",
      "web1 drifted, and the configuration says so now: file:/a, file:/b",
    ])
  })

  it("tells what drifted on a machine, and that it did no longer", async () => {
    const finding = (what: string) => ({ kind: "file", what, change: "added" })
    const found = (declared: readonly string[], undeclared: ReturnType<typeof finding>[]) =>
      event("drift.found", { machine: "web1", release: 1, declared: [...declared], undeclared })
    const store = memoryStore()
    await store.append([found(["file:/etc/motd"], ["/a", "/b", "/c"].map(finding)), found([], [])])
    const told = ["drifted: file:/etc/motd, file /a, file /b and 1 more", "is as it was delivered again"]
    expect((await readHistory(store, ["web1"])).map(({ what }) => what)).toEqual(told)
    expect((await readHistory(store, ["web"])).map(({ what }) => what)).toEqual(told.map((what) => `web1 ${what}`))
  })

  it("tells of an instance that it was retired", async () => {
    const store = memoryStore()
    await store.append([
      event("rollout.finished", { to: 1, versions: { "web-1a": 1 } }),
      event("rollout.moves", {
        moves: [
          { do: "drain", id: "web-1a" },
          { do: "retire", id: "web-1a" },
        ],
      }),
    ])
    expect((await readHistory(store, ["web-1a"])).map(({ what }) => what)).toEqual(["is at release 1", "was retired"])
  })
})

describe("namesIn", () => {
  it("names fleets, then machines, once each", async () => {
    const store = memoryStore()
    expect(namesIn(await store.append(life))).toEqual(["web", "db", "web1", "web2"])
  })
})
