import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { LeaseHolder } from "../../src/contract/index.ts"
import { withLease } from "../../src/core/lease.ts"
import { transact } from "../../src/core/transaction/transaction.ts"
import { lookAtLease, unlock } from "../../src/core/unlock.ts"
import { caught } from "../support/catch.ts"
import { type InPlaceWorld, makeInPlaceWorld } from "./in-place-fixture.ts"
import { readHome, want } from "./transaction-fixture.ts"

let world: InPlaceWorld
beforeEach(async () => {
  world = await makeInPlaceWorld(1)
})
afterEach(() => world.dispose())

const dead: LeaseHolder = {
  who: "eve",
  host: "there",
  pid: 4711,
  doing: "apply web, release 7",
  since: "2026-01-01T00:00:00.000Z",
  expires: "2999-01-01T00:00:00.000Z",
}
const hold = async (holder = dead) => {
  const answer = await world.store.acquire("web", holder, () => false)
  if ("heldBy" in answer) throw new Error("held")
  return answer.lease
}

describe("who holds a fleet", () => {
  it.each<readonly [string, Partial<LeaseHolder>, boolean, object]>([
    ["elsewhere", {}, false, { life: "unknown", expired: false }],
    ["elsewhere, and too late", { expires: "2020-01-01T00:00:00.000Z" }, false, { life: "unknown", expired: true }],
    ["here, and alive", { host: "here" }, false, { life: "alive", expired: false }],
    ["here, and gone", { host: "here" }, true, { life: "gone", expired: false }],
  ])("is one %s", async (_, more, isDead, expected) => {
    const holder = { ...dead, ...more }
    await hold(holder)
    const bench = { ...world.controller(), isDead: () => isDead }
    expect(await lookAtLease(bench, world.fleet())).toEqual({ holder, ...expected })
  })

  it("may be nobody", async () => {
    expect(await lookAtLease(world.controller(), world.fleet())).toBeUndefined()
    await world.store.release(await hold())
    expect(await lookAtLease(world.controller(), world.fleet())).toBeUndefined()
  })
})

describe("unlocking", () => {
  it("frees the fleet, fences the old holder off, and takes back what it left waiting", async () => {
    const lease = await hold()
    const epoch = { ...lease, store: await world.store.identity() }
    const machine = world.shells[0]?.connect()
    if (machine === undefined) throw new Error("no machine")
    const left = await transact(machine, want("web-7-x", [], { epoch, holder: "eve" }))
    expect(await unlock(world.controller(), world.fleet())).toBe(lease.token + 1)
    expect((await caught(() => left.confirm({} as never))).code).toBe("FC_FENCED")
    expect(await world.store.renew(lease, "2999-01-01T00:00:00.000Z")).toBe(false)
    expect((await caught(() => transact(machine, want("web-8-x", [], { epoch })))).code).toBe("FC_FENCED")
    const [event] = await world.store.events({ kind: "fleet.unlocked" })
    expect(event?.body.from).toBe("eve@there (process 4711), apply web, release 7, since 2026-01-01T00:00:00.000Z")
    expect((await world.apply(1)).versions).toEqual({ web1: 1 })
  })

  it("stops a holder that is alive after all", async () => {
    const alive = world.controller()
    const error = await caught(() =>
      withLease(alive, "web", "apply web", async (bench) => {
        await unlock(world.controller(), world.fleet())
        await bench.store.append([{ fleet: "web", kind: "late", body: {} }])
      }),
    )
    expect(error.code).toBe("FC_LEASE_LOST")
  })

  it("goes on above what machines have seen, where the store was put back from an older copy", async () => {
    await world.apply(1)
    const [shell] = world.shells
    const fence = `fence/${await world.store.identity()}.web`
    await writeFile(join(shell?.home ?? "", fence), "41\neve\n")
    const error = await caught(() => world.apply(2))
    expect([error.code, error.message]).toEqual(["FC_FENCED", "web1 obeys a newer controller: eve took over"])
    expect(await unlock(world.controller(), world.fleet())).toBe(42)
    expect((await world.apply(2)).versions).toEqual({ web1: 2 })
    expect(shell === undefined ? "" : await readHome(shell, fence)).toMatch(/^43\n/)
  })
})
