import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { LeaseHolder, NewEvent, Store } from "../contract/index.ts"

/** A store to hold against the contract. Each test gets a fresh, empty one. */
export interface StoreUnderTest {
  /** A handle on it, as another process would open one. The suite closes what it opens. */
  readonly open: () => Store
  readonly dispose: () => Promise<void>
}

/**
 * What every store must do.
 *
 * @example storeSuite("memory", async () => ({ open: () => store, dispose: async () => undefined }))
 */
export const storeSuite = (name: string, factory: () => Promise<StoreUnderTest>): void => {
  describe(`store ${name}`, () => {
    let subject: StoreUnderTest
    const handles: Store[] = []
    const open = (): Store => {
      const store = subject.open()
      handles.push(store)
      return store
    }
    beforeEach(async () => {
      subject = await factory()
    })
    afterEach(async () => {
      for (const store of handles.splice(0)) await store.close()
      await subject.dispose()
    })
    eventLog(open)
    leases(open)
    leaseBooks(open)
    blobs(open)
  })
}

const eventLog = (open: () => Store): void => {
  it("starts empty and whole", async () => {
    const store = open()
    expect(await store.events()).toEqual([])
    expect(await store.verify()).toBeUndefined()
    expect(await store.append([])).toEqual([])
  })
  it("numbers events from 1 and gives back what was put in", async () => {
    const store = open()
    const body = { text: "ü \u0000 \"'\n", number: 1.5, none: null, list: [1, [true]], deep: { b: 1, a: { c: "x" } } }
    const added = await store.append([event("web", "release.created", body), event("db", "x")])
    expect(added.map(({ number }) => number)).toEqual([1, 2])
    expect(added[0]).toMatchObject({ fleet: "web", kind: "release.created", body })
    expect(added[0]?.who).toMatch(/^.+@.+$/)
    expect(new Date(added[0]?.at ?? "").toISOString()).toBe(added[0]?.at)
    expect(added[0]?.hash).toMatch(/^[0-9a-f]{64}$/)
    expect(await store.events()).toEqual(added)
    expect(await open().events()).toEqual(added)
    expect(await store.verify()).toBeUndefined()
  })
  it("filters by fleet and by kind", async () => {
    const store = open()
    await store.append([event("web", "a"), event("web", "b"), event("db", "a"), event("web'--", "a")])
    const numbers = async (filter: Parameters<Store["events"]>[0]) =>
      (await store.events(filter)).map(({ number }) => number)
    expect(await numbers({ fleet: "web" })).toEqual([1, 2])
    expect(await numbers({ kind: "a" })).toEqual([1, 3, 4])
    expect(await numbers({ fleet: "web", kind: "b" })).toEqual([2])
    expect(await numbers({ fleet: "web'--" })).toEqual([4])
    expect(await numbers({})).toEqual([1, 2, 3, 4])
  })
  it("gives equal events different hashes, each over the one before", async () => {
    const [first, second] = await open().append([event("web", "a"), event("web", "a")])
    expect(first?.hash).not.toBe(second?.hash)
  })
  it("has an identity of its own that never changes", async () => {
    const store = open()
    const identity = await store.identity()
    expect(identity).toMatch(/^[0-9A-Za-z]{16,}$/)
    await store.append([event("web", "a")])
    expect([await store.identity(), await open().identity()]).toEqual([identity, identity])
  })
  it("appends under a lease only while it is held", async () => {
    const [store, other] = [open(), open()]
    const lease = await take(store, holder("ann", { expires: "2020-01-01T00:00:00.000Z" }))
    expect(await store.append([event("web", "a")], lease)).toHaveLength(1)
    const taken = await take(other, holder("bob"))
    await expect(store.append([event("web", "late")], lease)).rejects.toMatchObject({ code: "FC_LEASE_LOST" })
    expect(await other.append([event("web", "b")], taken)).toHaveLength(1)
    await other.release(taken)
    await expect(other.append([event("web", "late")], taken)).rejects.toMatchObject({ code: "FC_LEASE_LOST" })
    expect((await store.events()).map(({ kind }) => kind)).toEqual(["a", "b"])
  })
  it("keeps no reference to what it was given or gave", async () => {
    const store = open()
    const body = { list: [1] }
    const added = await store.append([event("web", "a", body)])
    body.list.push(2)
    for (const { body: given } of added) (given as typeof body).list.push(3)
    expect((await store.events())[0]?.body).toEqual({ list: [1] })
    expect(await store.verify()).toBeUndefined()
  })
  it("leaves no gap when several append at the same time", async () => {
    const stores = [open(), open(), open(), open()]
    await Promise.all(stores.flatMap((store, index) => times(25).map(() => store.append([event(`${index}`, "a")]))))
    const events = await open().events()
    expect(events.map(({ number }) => number)).toEqual(times(100).map((index) => index + 1))
    expect(await open().verify()).toBeUndefined()
  })
}

const leases = (open: () => Store): void => {
  it("gives a free lease to one only, and names who holds it", async () => {
    const [store, other] = [open(), open()]
    const first = holder("ann")
    expect(await store.acquire("web", first, nobodyIsDead)).toEqual({ lease: { fleet: "web", token: 1 } })
    expect(await other.acquire("web", holder("bob"), nobodyIsDead)).toEqual({ heldBy: first })
    expect(await store.acquire("web", first, nobodyIsDead)).toEqual({ heldBy: first })
    expect(await other.acquire("db", holder("bob"), nobodyIsDead)).toEqual({ lease: { fleet: "db", token: 1 } })
  })
  it("gives it to one of many who ask at the same time", async () => {
    const stores = times(8).map(open)
    const answers = await Promise.all(
      stores.map((store, index) => store.acquire("web", holder(`${index}`), nobodyIsDead)),
    )
    expect(answers.filter((answer) => "lease" in answer)).toHaveLength(1)
  })
  it("raises the token with each lease, also after a release", async () => {
    const store = open()
    const tokens: number[] = []
    for (const _ of times(4)) {
      const lease = await take(store, holder("ann"))
      tokens.push(lease.token)
      await store.release(lease)
    }
    expect(tokens).toEqual([1, 2, 3, 4])
  })
  it("takes over from a dead holder, once it is asked about the right one", async () => {
    const store = open()
    const dead = holder("ann", { pid: 4711 })
    const lease = await take(store, dead)
    const asked: LeaseHolder[] = []
    const answer = await open().acquire("web", holder("bob"), (each) => asked.push(each) > 0)
    expect(answer).toEqual({ lease: { fleet: "web", token: 2 } })
    expect(asked).toEqual([dead])
    expect(await store.renew(lease, inAnHour())).toBe(false)
  })
  it("takes over after expiry; the old lease can then neither be renewed nor released", async () => {
    const store = open()
    const old = await take(store, holder("ann", { expires: "2020-01-01T00:00:00.000Z" }))
    const taken = await take(open(), holder("bob"))
    expect(taken.token).toBe(2)
    expect(await store.renew(old, inAnHour())).toBe(false)
    await store.release(old)
    expect(await store.acquire("web", holder("eve"), nobodyIsDead)).toMatchObject({ heldBy: { who: "bob" } })
  })
  it("prolongs a lease that would have expired", async () => {
    const store = open()
    const lease = await take(store, holder("ann", { expires: "2020-01-01T00:00:00.000Z" }))
    const expires = inAnHour()
    expect(await store.renew(lease, expires)).toBe(true)
    expect(await open().acquire("web", holder("bob"), nobodyIsDead)).toEqual({ heldBy: holder("ann", { expires }) })
  })
  it("does not renew what was released or never given", async () => {
    const store = open()
    const lease = await take(store, holder("ann"))
    await store.release(lease)
    await store.release(lease)
    expect(await store.renew(lease, inAnHour())).toBe(false)
    expect(await store.renew({ fleet: "never", token: 1 }, inAnHour())).toBe(false)
  })
  it("keeps the lease as it was when the question about the holder fails", async () => {
    const store = open()
    await take(store, holder("ann"))
    const asking = store.acquire("web", holder("bob"), () => {
      throw new TypeError("cannot tell")
    })
    await expect(asking).rejects.toThrow("cannot tell")
    expect(await store.acquire("web", holder("bob"), nobodyIsDead)).toMatchObject({ heldBy: { who: "ann" } })
  })
}

const leaseBooks = (open: () => Store): void => {
  it("names the holder without taking anything", async () => {
    const store = open()
    expect(await store.holder("web")).toBeUndefined()
    const by = holder("ann", { began: "4711", doing: "apply web, release 4" })
    const lease = await take(store, by)
    expect(await open().holder("web")).toEqual(by)
    await store.release(lease)
    expect(await store.holder("web")).toBeUndefined()
  })
  it("gives a token above another one, where it is told to", async () => {
    const store = open()
    const answer = await store.acquire("web", holder("ann"), nobodyIsDead, 41)
    expect(answer).toEqual({ lease: { fleet: "web", token: 42 } })
    expect(await store.acquire("web", holder("bob"), () => true, 7)).toEqual({ lease: { fleet: "web", token: 43 } })
  })
}

const blobs = (open: () => Store): void => {
  it("gives back the bytes of a blob by their sha256", async () => {
    const store = open()
    const bytes = Uint8Array.from(times(100_000), (index) => index % 251)
    const digest = await store.putBlob(bytes)
    expect(await store.putBlob(bytes)).toBe(digest)
    expect(Buffer.from((await open().blob(digest)) ?? []).equals(bytes)).toBe(true)
    expect(await store.putBlob(new Uint8Array())).toBe(emptyDigest)
    expect((await store.blob(emptyDigest))?.length).toBe(0)
  })
  it("takes the same blob from several at the same time", async () => {
    const bytes = new TextEncoder().encode("same")
    const digests = await Promise.all(times(10).map(() => open().putBlob(bytes)))
    expect(new Set(digests).size).toBe(1)
    expect(Buffer.from((await open().blob(digests[0] ?? "")) ?? []).toString()).toBe("same")
  })
  it("knows no blob that was not put", async () => {
    expect(await open().blob("0".repeat(64))).toBeUndefined()
    expect(await open().blob("../../../etc/passwd")).toBeUndefined()
  })
}

const emptyDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

const event = (fleet: string, kind: string, body: NewEvent["body"] = {}): NewEvent => ({ fleet, kind, body })

const holder = (who: string, more: Partial<LeaseHolder> = {}): LeaseHolder => ({
  who,
  host: "host",
  pid: 1,
  since: "2026-01-01T00:00:00.000Z",
  expires: "2999-01-01T00:00:00.000Z",
  ...more,
})

const nobodyIsDead = (): boolean => false

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString()

const take = async (store: Store, by: LeaseHolder) => {
  const answer = await store.acquire("web", by, nobodyIsDead)
  if ("heldBy" in answer) throw new Error(`held by ${answer.heldBy.who}`)
  return answer.lease
}

const times = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index)
