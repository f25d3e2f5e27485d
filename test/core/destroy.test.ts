import { existsSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Epoch } from "../../src/contract/index.ts"
import { destroyFleet } from "../../src/core/destroy.ts"
import { readFleet } from "../../src/core/ledger.ts"
import { transact } from "../../src/core/transaction/transaction.ts"
import { caught } from "../support/catch.ts"
import { listTree } from "../support/tree.ts"
import { type InPlaceWorld, makeInPlaceWorld } from "./in-place-fixture.ts"
import { tenSteps, want } from "./transaction-fixture.ts"

let world: InPlaceWorld
beforeEach(async () => {
  world = await makeInPlaceWorld(2)
  await world.apply(1)
})
afterEach(() => world.dispose())

const shell = () => {
  const [first] = world.shells
  if (first === undefined) throw new Error("no machine")
  return first
}
const homes = (): readonly boolean[] => world.shells.map(({ home }) => existsSync(home))
/** Something that waits for a word which may never come. */
const leaveWaiting = (store: string) => {
  const epoch: Epoch = { store, fleet: "web", token: 1 }
  return transact(
    shell().connect(),
    want(
      "web-9-x",
      [tenSteps(shell().root)[0]].flatMap((step) => step ?? []),
      { epoch },
    ),
  )
}

describe("a fleet that is destroyed", () => {
  it("lets go of its servers as they are", async () => {
    await destroyFleet(world.controller(), world.fleet())
    expect([await world.versions(), homes(), await world.serving()]).toEqual([["1", "1"], [false, false], []])
    expect((await readFleet(world.store, "web")).current).toBeUndefined()
  })

  it("waits for a baseline that is still being taken, and leaves nothing of it", async () => {
    const baseline = join(shell().home, "baseline")
    const taking = `mkdir -p ${baseline}; exec 7>>${baseline}/lock; flock 7; setsid sh -c 'sleep 0.5; mkdir -p ${baseline}/kept' >/dev/null 2>&1 &`
    expect((await shell().connect().sh(taking)).exitCode).toBe(0)
    await destroyFleet(world.controller(), world.fleet())
    await sleep(600)
    expect(homes()).toEqual([false, false])
  })

  it("takes back first what a dead controller left waiting", async () => {
    const before = await listTree(shell().root)
    await leaveWaiting(await world.store.identity())
    await destroyFleet(world.controller(), world.fleet())
    expect([await listTree(shell().root), homes()]).toEqual([before, [false, false]])
  })

  it("is not destroyed while another checkout's controller is at work on a server", async () => {
    const applied = await leaveWaiting("another")
    const error = await caught(() => destroyFleet(world.controller(), world.fleet()))
    expect([error.code, error.at, homes()]).toEqual(["FC_MACHINE_LOCKED", "web1", [true, true]])
    expect(await world.serving()).toEqual(world.hosts)
    await applied.abort()
    await destroyFleet(world.controller(), world.fleet())
    expect(homes()).toEqual([false, false])
  })
})
