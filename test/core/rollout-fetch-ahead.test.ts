import { describe, expect, it } from "vitest"
import type { Machine, Step } from "../../src/contract/index.ts"
import { fetchAhead } from "../../src/core/rollout/fetch-ahead.ts"
import type { Site } from "../../src/core/rollout/site.ts"

const nginx: Step = { do: "install-packages", packages: [{ name: "nginx", version: "1.22.1-9" }] }
const patch: Step = { do: "upgrade-packages", packages: [{ name: "openssl", version: "3.0.17-1" }] }
const other: Step = { do: "remove-path", path: "/etc/motd" }

/** Machines that only write down what they are asked; those that are named fail. */
const siteOf = (steps: Readonly<Record<string, readonly Step[]>>, unreachable: readonly string[] = []) => {
  const asked: string[] = []
  const told: string[] = []
  const machine = (name: string): Partial<Machine> => ({
    name,
    sh: async (script) => {
      asked.push(`${name}: ${script.match(/^fetch_ahead [^)\n]*/gm)?.join("; ")}`)
      if (unreachable.includes(name)) throw new Error("no route to host")
      return { exitCode: 0, stdout: Buffer.of(), stderr: Buffer.of() }
    },
  })
  const names = Object.keys(steps)
  const site = {
    bench: { progress: ({ member, doing }: { member?: string; doing: string }) => told.push(`${member}: ${doing}`) },
    fleet: { name: "web" },
    machines: new Map(names.map((name) => [name, machine(name)])),
    looks: new Map(names.map((name) => [name, { plan: { steps: steps[name] }, atMs: 0 }])),
    fetching: new Map(),
  } as unknown as Site
  return { site, asked, told }
}

describe("fetching packages before a machine is drained", () => {
  it("asks it and the next ones at the same time, once", async () => {
    const { site, asked, told } = siteOf({ web1: [other, nginx], web2: [nginx, patch], web3: [other] })
    await fetchAhead(site, "web1")
    await fetchAhead(site, "web2")
    expect(asked).toEqual([
      "web1: fetch_ahead install nginx=1.22.1-9",
      "web2: fetch_ahead install nginx=1.22.1-9; fetch_ahead upgrade openssl=3.0.17-1",
    ])
    expect(told.filter((line) => line.startsWith("web2"))).toEqual([
      "web2: fetching packages",
      "web2: waiting, its packages fetched",
      "web2: draining",
    ])
  })

  it("asks none where the machine itself has nothing to fetch, and says nothing", async () => {
    const { site, asked, told } = siteOf({ web1: [other], web2: [nginx] })
    await fetchAhead(site, "web1")
    expect([asked, told]).toEqual([[], []])
  })

  it("asks twelve at a time: this one, and those that wait", async () => {
    const names = Array.from({ length: 30 }, (_, index) => `web${index + 1}`)
    const { site, asked } = siteOf(Object.fromEntries(names.map((name) => [name, [nginx]])))
    await fetchAhead(site, "web20")
    expect(asked.map((line) => line.split(":")[0])).toEqual(["web20", ...names.slice(0, 11)])
    await fetchAhead(site, "web12")
    expect(asked).toHaveLength(24)
    expect(new Set(asked.map((line) => line.split(":")[0])).size).toBe(24)
  })

  it("leaves it to the update where it fails", async () => {
    const { site } = siteOf({ web1: [nginx], web2: [nginx] }, ["web1"])
    await expect(fetchAhead(site, "web1")).resolves.toBeUndefined()
  })
})
