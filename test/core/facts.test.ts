import { readFile } from "node:fs/promises"
import { hostname, release } from "node:os"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { addressesOf } from "../../src/core/facts/addresses.ts"
import { askFacts, factFields } from "../../src/core/facts/ask.ts"
import { factsOf } from "../../src/core/facts/facts.ts"
import { parseFacts } from "../../src/core/facts/parse.ts"
import { caught } from "../support/catch.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"

const debian = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
`
const answer = {
  release: debian,
  hostname: "web1",
  kernel: "6.1.0-28-amd64",
  arch: "x86_64",
  memory: "MemTotal:        8142340 kB",
  online: "0-3",
  addresses: "10.0.0.5 192.168.1.7 2001:db8::7 \n",
  routes: "",
  hosts: "",
  container: "",
  vendor: "",
  product: "",
}
const facts = (given: Partial<typeof answer> = {}) => parseFacts("web-1", Object.values({ ...answer, ...given }))

describe("what a machine says of itself", () => {
  it("is read as plain data", () => {
    expect(facts()).toEqual({
      name: "web-1",
      os: { id: "debian", name: "Debian GNU/Linux", version: "12", codename: "bookworm" },
      architecture: "x86_64",
      kernel: "6.1.0-28-amd64",
      memoryBytes: 8_142_340 * 1024,
      cpus: 4,
      hostname: "web1",
      virtualization: "none",
      addresses: { v4: ["10.0.0.5", "192.168.1.7"], v6: ["2001:db8::7"], default: "10.0.0.5" },
    })
  })

  it.each<readonly [string, Partial<typeof answer>, object]>([
    ["no os-release", { release: "" }, { os: { id: "", name: "", version: "", codename: "" } }],
    [
      "single quotes, backslashes, comments",
      { release: `# a\nID='alpine'\nNAME="Al\\"pine"\nVERSION_ID=3.20.1\n` },
      { os: { id: "alpine", name: 'Al"pine', version: "3.20.1", codename: "" } },
    ],
    [
      "what would be code in a shell or a template",
      { release: `ID="$(id)"\nNAME="{{ x }}"\n` },
      { os: { id: "$(id)", name: "{{ x }}", version: "", codename: "" } },
    ],
    ["processors apart", { online: "0,2-3,8" }, { cpus: 4 }],
    ["one processor", { online: "0" }, { cpus: 1 }],
    ["a domain", { hosts: "127.0.1.1\tweb1.example.com web1 # me" }, { fqdn: "web1.example.com" }],
    ["another machine's domain", { hosts: "10.0.0.9 web12.example.com web1-old" }, { hostname: "web1" }],
    ["a container", { container: "docker", vendor: "QEMU" }, { virtualization: "docker" }],
    ["a virtual machine", { vendor: "QEMU", product: "Standard PC" }, { virtualization: "kvm" }],
    ["hardware that is rented", { vendor: "Amazon EC2", product: "c5.metal" }, { virtualization: "none" }],
    ["hardware of Microsoft", { vendor: "Microsoft Corporation", product: "Surface" }, { virtualization: "none" }],
    ["no address", { addresses: "" }, { addresses: { v4: [], v6: [] } }],
  ])("%s", (_, given, expected) => {
    expect(facts(given)).toMatchObject(expected)
  })

  it.each<readonly [string, Partial<typeof answer>]>([
    ["an escape", { hostname: "web\u001b[2J" }],
    ["a line end in the middle", { kernel: "6.1\n\nrm -rf" }],
    ["a change of direction", { release: "NAME=\u202eevil\n" }],
    ["something endless", { container: "x".repeat(300) }],
    ["bytes that are no text", { hostname: "web\ufffd" }],
    ["no memory", { memory: "" }],
    ["no processors", { online: "" }],
  ])("is refused with %s: FC_OBSERVE", async (_, given) => {
    expect(await caught(() => facts(given))).toMatchObject({ code: "FC_OBSERVE", at: "web-1" })
  })
})

describe("the address that leads out", () => {
  const head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"
  const route = (name: string, destination: string, gateway: string, metric: number, mask: string) =>
    `${name}\t${destination}\t${gateway}\t0003\t0\t0\t${metric}\t${mask}\t0\t0\t0`
  const two = [
    route("eth1", "00000000", "0101A8C0", 100, "00000000"),
    route("eth0", "0000000A", "00000000", 0, "00FFFFFF"),
    route("eth1", "0001A8C0", "00000000", 100, "00FFFFFF"),
  ]

  it.each<readonly [string, string, readonly string[], string | undefined]>([
    ["is on the default route's network", "10.0.0.5 192.168.1.7", two, "192.168.1.7"],
    [
      "is on that with the lowest metric",
      "10.0.0.5 192.168.1.7",
      [...two, route("eth0", "00000000", "0100000A", 5, "00000000")],
      undefined,
    ],
    ["is the first, where no network says", "203.0.113.9 198.51.100.1", [], "198.51.100.1"],
    ["is of version 6, where there is no other", "2001:db8::2 2001:db8::1", [], "2001:db8::1"],
    ["is none of nonsense", "999.1.1.1 $(id) {{x}} ::zz", two, undefined],
  ])("%s", (_, listed, routes, expected) => {
    const found = addressesOf(listed, [head, ...routes].join("\n")).default
    expect(found).toBe(expected ?? (listed.includes("10.0.0.5") ? "10.0.0.5" : undefined))
  })
})

describe("asking", () => {
  let shell: ShellMachine
  beforeAll(async () => {
    shell = await openShellMachine("web-1")
  })
  afterAll(() => shell.dispose())

  it("takes one round trip, and says what this computer is", async () => {
    const found = await factsOf(shell.machine)
    expect(shell.scripts).toHaveLength(1)
    expect(found).toMatchObject({ name: "web-1", hostname: hostname(), kernel: release() })
    expect(found.memoryBytes).toBe(
      Number(/MemTotal:\s+(\d+)/.exec(await readFile("/proc/meminfo", "utf8"))?.[1]) * 1024,
    )
    expect(found.cpus).toBeGreaterThan(0)
  })

  it("prints as many fields as it says, whatever is missing", async () => {
    const { stdout } = await shell.machine.sh(`PATH=/nowhere\n${askFacts}`)
    expect(stdout.toString().split("\0")).toHaveLength(factFields + 1)
  })
})
