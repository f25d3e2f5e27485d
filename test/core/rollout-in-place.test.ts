import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Fleet, Machine, Resource, Router, Store } from "../../src/contract/index.ts"
import { readFleet } from "../../src/core/ledger.ts"
import { planMachine } from "../../src/core/plan.ts"
import { type Bundle, bundle } from "../../src/core/release.ts"
import { rollOut } from "../../src/core/rollout/rollout.ts"
import { command, file } from "../../src/resources/index.ts"
import { memoryRouter } from "../../src/routers/index.ts"
import { fleet, inPlace, spec, ssh } from "../../src/spec/index.ts"
import { memoryStore } from "../../src/stores/index.ts"
import { allAtOnce, rolling } from "../../src/strategies/index.ts"
import { me } from "../support/apply.ts"
import { resourceTypes, type TestBench, testBench } from "../support/bench.ts"
import { caught } from "../support/catch.ts"
import { nameFleet } from "../support/fleet.ts"
import { openShellMachine, type ShellMachine, sharedRoot } from "../support/shell-machine.ts"
import { listTree } from "../support/tree.ts"

const hosts = ["web1", "web2", "web3"] as const
let shells: readonly ShellMachine[]
let store: Store
let router: Router
/** Versions that do not become healthy, with the machine that says so, or `*`. */
let sick: Map<number, string>
let pid = 0

beforeEach(async () => {
  shells = await Promise.all(hosts.map((host) => openShellMachine(host, { shared: true })))
  store = memoryStore()
  router = memoryRouter()
  sick = new Map()
})
afterEach(() => Promise.all(shells.map((shell) => shell.dispose())))

const specOf = (version: number, more: readonly Resource[] = []) =>
  spec("web", {
    resources: [file(join(sharedRoot, "srv/version"), { content: String(version), ...me }), ...more],
    port: 80,
    health: { path: `/v${version}`, within: "1s" },
  })

const fleetOf = (strategy: "rolling" | "all-at-once" = "rolling", listen = true): Fleet => {
  const by = inPlace({ strategy: strategy === "rolling" ? rolling() : allAtOnce(), drain: "1s", confirm: "20s" })
  return nameFleet(fleet(specOf(1), { on: ssh({ hosts }), by, ...(listen ? { listen: 8080 } : {}) }))
}

/** Each machine is at an address of its own, so that a probe knows which one it asks. */
const machines = (): ReadonlyMap<string, Machine> =>
  new Map(
    shells.map(({ machine }, index) => [machine.name, { ...machine, address: async () => `192.0.2.${index + 1}` }]),
  )

const controller = (): TestBench => {
  pid += 1
  const own = pid
  return {
    ...testBench({
      store,
      router,
      pid,
      machines: machines(),
      probe: async ({ health, address }) => {
        const ill = sick.get(Number(health.path.slice(2)))
        const host = hosts[Number(address.split(".").at(-1)) - 1]
        return ill === "*" || ill === host ? { healthy: false, lastError: "refused" } : { healthy: true, afterMs: 1 }
      },
    }),
    isDead: (holder) => holder.pid < own,
  }
}

const bundleOf = (version: number, more: readonly Resource[] = []): Promise<Bundle> =>
  bundle(specOf(version, more), "/")
const apply = async (version: number, more: readonly Resource[] = [], on = fleetOf()) =>
  rollOut(controller(), on, { bundle: await bundleOf(version, more) })

const versions = (): Promise<readonly string[]> =>
  Promise.all(shells.map(({ root }) => readFile(join(root, "srv/version"), "utf8").catch(() => "none")))
const releases = (): Promise<readonly (number | undefined)[]> =>
  Promise.all(
    shells.map(async ({ home }) => {
      const text = await readFile(join(home, "current.json"), "utf8").catch(() => "{}")
      return (JSON.parse(text) as { readonly release?: number }).release
    }),
  )
const traffic = async (): Promise<readonly string[]> =>
  (await router.peek()).map(({ id, state }) => `${id}:${state}`).toSorted()
const trees = (): Promise<readonly (readonly string[])[]> => Promise.all(shells.map(({ root }) => listTree(root)))

const allReady = hosts.map((host) => `${host}:ready`)

describe.each(["rolling", "all-at-once"] as const)("a rollout in place, %s", (strategy) => {
  const on = fleetOf(strategy)

  it("brings every machine to the release, and the next one too", async () => {
    const first = await apply(1, [], on)
    expect([first.release, first.from, first.versions]).toEqual([1, undefined, { web1: 1, web2: 1, web3: 1 }])
    const second = await apply(2, [], on)
    expect([second.release, second.from, second.versions]).toEqual([2, 1, { web1: 2, web2: 2, web3: 2 }])
    expect([await versions(), await releases(), await traffic()]).toEqual([["2", "2", "2"], [2, 2, 2], allReady])
    expect((await apply(2, [], on)).moves).toBe(0)
  })

  it("takes every machine back, to the last detail, when one is not healthy", async () => {
    await apply(1, [], on)
    const before = await trees()
    sick.set(2, "web3")
    const error = await caught(() => apply(2, [], on))
    expect([error.code, error.message]).toEqual([
      "FC_ROLLOUT_REVERTED",
      "web3 was not healthy within 1 s: refused; release 1 is in force",
    ])
    expect(error.details).toEqual(hosts.map((host) => `${host}: release 1`))
    expect([await trees(), await releases(), await traffic()]).toEqual([before, [1, 1, 1], allReady])
    expect((await readFleet(store, "web")).current).toBe(1)
  })

  it("takes every machine back when a step fails on one", async () => {
    await apply(1, [], on)
    const before = await trees()
    await writeFile(`${shells[1]?.root}/in the way`, "")
    const failing = command("fail", {
      check: ["false"],
      run: ["sh", "-c", '[ ! -e "$1" ]', "sh", join(sharedRoot, "in the way")],
      undo: ["true"],
    })
    const error = await caught(() => apply(2, [failing], on))
    expect([error.code, error.at]).toEqual(["FC_ROLLOUT_REVERTED", "web2"])
    expect([await versions(), await releases(), await traffic()]).toEqual([["1", "1", "1"], [1, 1, 1], allReady])
    expect([(await trees())[0], (await trees())[2]]).toEqual([before[0], before[2]])
  })

  it("leaves nothing of a first release that is not healthy", async () => {
    sick.set(1, "web2")
    const error = await caught(() => apply(1, [], on))
    expect([error.code, error.message]).toEqual([
      "FC_ROLLOUT_REVERTED",
      expect.stringMatching(/; nothing of it stays$/),
    ])
    expect([await versions(), await releases(), await traffic()]).toEqual([
      ["none", "none", "none"],
      [undefined, undefined, undefined],
      [],
    ])
  })
})

describe("a rollout in place", () => {
  it("puts right what someone changed by hand, and only that", async () => {
    await apply(1)
    await writeFile(join(shells[1]?.root ?? "", "srv/version"), "by hand")
    const { moves, release } = await apply(1)
    expect([release, await versions(), await traffic()]).toEqual([1, ["1", "1", "1"], allReady])
    expect(moves).toBeGreaterThan(0)
    expect((await controller().kinds()).filter((kind) => kind === "release.created")).toHaveLength(1)
  })

  it("goes back to an earlier release by its number", async () => {
    await apply(1)
    await apply(2)
    const { release } = await rollOut(controller(), fleetOf(), { release: 1 })
    expect([release, await versions(), await releases()]).toEqual([1, ["1", "1", "1"], [1, 1, 1]])
  })

  it("refuses a plan that is no longer true, and touches nothing", async () => {
    await apply(1)
    const target = await bundleOf(2)
    const plans = await Promise.all(
      [...machines().values()].map((machine) => planMachine(machine, target, resourceTypes)),
    )
    const shown = new Map(plans.map(({ machine, sight }) => [machine, sight]))
    await writeFile(join(shells[0]?.root ?? "", "srv/version"), "changed since")
    const before = await trees()
    const error = await caught(() => rollOut(controller(), fleetOf(), { bundle: target, shown }))
    expect([error.code, error.at]).toEqual(["FC_PLAN_STALE", "web1"])
    expect(error.message).toContain(`(file:${join(sharedRoot, "srv/version")})`)
    expect([await trees(), await releases(), await traffic()]).toEqual([before, [1, 1, 1], allReady])
  })

  it("refuses a machine of another fleet, and leaves it as it is", async () => {
    await apply(1)
    const path = join(shells[2]?.home ?? "", "current.json")
    const foreign = JSON.stringify({ ...JSON.parse(await readFile(path, "utf8")), fleet: "theirs" })
    await writeFile(path, foreign)
    const error = await caught(() => apply(2))
    expect(error.message).toContain("web3 is managed as project/theirs")
    expect([await versions(), await readFile(path, "utf8")]).toEqual([["1", "1", "1"], foreign])
  })

  it("refuses a machine whose last undo did not finish", async () => {
    const directory = join(shells[0]?.home ?? "", "txn/web-1-x")
    await mkdir(directory, { recursive: true })
    for (const [name, text] of [
      ["library.sh", ""],
      ["status", "broken\n"],
      ["broken", "3 write_file /x\n"],
    ] as const)
      await writeFile(join(directory, name), text)
    const error = await caught(() => apply(1))
    expect(error.message).toContain("an undo on web1 did not finish: 3 write_file /x")
    expect(await versions()).toEqual(["none", "none", "none"])
  })

  it("brings the others back when one cannot be brought back", async () => {
    await apply(1)
    sick.set(2, "web1")
    const stuck = command("stuck", {
      check: ["false"],
      run: ["true"],
      undo: ["test", "-e", join(sharedRoot, "may undo")],
    })
    for (const shell of [shells[0], shells[2]]) await writeFile(join(shell?.root ?? "", "may undo"), "")
    const error = await caught(() => apply(2, [stuck], fleetOf("all-at-once")))
    expect([error.code, error.message]).toEqual([
      "FC_ROLLOUT_FAILED",
      expect.stringContaining("; undoing failed too: web2 "),
    ])
    expect([await versions(), await releases()]).toEqual([
      ["1", "1", "1"],
      [1, 1, 1],
    ])
    expect((await readFleet(store, "web")).current).toBe(1)
  })

  it("works without a router", async () => {
    await apply(1, [], fleetOf("rolling", false))
    sick.set(2, "web2")
    expect((await caught(() => apply(2, [], fleetOf("rolling", false)))).code).toBe("FC_ROLLOUT_REVERTED")
    expect([await versions(), await releases(), await router.peek()]).toEqual([["1", "1", "1"], [1, 1, 1], []])
  })

  it("takes machines that left the fleet out of the router, and leaves them alone otherwise", async () => {
    await apply(1)
    const { on, ...rest } = fleetOf()
    const fewer = { ...rest, on: on.kind === "ssh" ? { ...on, hosts: on.hosts.slice(0, 2) } : on }
    await apply(2, [], fewer)
    expect([await versions(), await traffic()]).toEqual([
      ["2", "2", "1"],
      ["web1:ready", "web2:ready"],
    ])
  })
})
