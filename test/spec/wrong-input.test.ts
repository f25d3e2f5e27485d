import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { ErrorCode, Resource } from "../../src/contract/index.ts"
import { bundle } from "../../src/core/index.ts"
import {
  ansibleInventory,
  blueGreen,
  canary,
  debian,
  defineProject,
  errorRate,
  fleet,
  from,
  image,
  inPlace,
  local,
  procfile,
  replace,
  rolling,
  secret,
  spec,
  ssh,
  terraform,
} from "../../src/index.ts"
import { command, directory, file, group, link, pkg, service, user } from "../../src/resources/index.ts"
import { caught } from "../support/catch.ts"

/** What JavaScript, or a cast, lets through although the types refuse it. */
// biome-ignore lint/suspicious/noExplicitAny: the point is to get past the types
const wrong = (value: unknown): any => value

const app = (resources: readonly Resource[] = [], more: object = {}) =>
  spec("hello", { resources, port: 5000, ...more })
const pets = (listen: number | undefined, preview?: number) =>
  fleet(app(), {
    on: local({ machines: 1 }),
    by: inPlace({ strategy: rolling() }),
    ...(listen === undefined ? {} : { listen }),
    ...(preview === undefined ? {} : { preview }),
  })

interface Row {
  readonly what: string
  readonly write: () => unknown
  readonly code: ErrorCode
  readonly at: string
  readonly remedy?: RegExp
}

const ruled = (drift: object) => app([], { drift })
const reason = "of the agent"

const rows: readonly Row[] = [
  {
    what: "a rule of drift without a reason",
    write: () => ruled({ ignore: [{ path: "/etc/x" }] }),
    code: "FC_SPEC_VALUE",
    at: "specs.hello.drift.ignore[0].reason",
  },
  {
    what: "a rule about nothing",
    write: () => ruled({ ignore: [{ reason }] }),
    code: "FC_SPEC_VALUE",
    at: "specs.hello.drift.ignore[0]",
  },
  {
    what: "a rule about a path and a name",
    write: () => ruled({ ignore: [{ path: "/etc/x", name: "x", reason }] }),
    code: "FC_SPEC_VALUE",
    at: "specs.hello.drift.ignore[0]",
  },
  {
    what: "a rule about a kind that there is not",
    write: () => ruled({ ignore: [{ kind: "modules", reason }] }),
    code: "FC_SPEC_VALUE",
    at: "specs.hello.drift.ignore[0].kind",
  },
  {
    what: "a rule about a path that is none",
    write: () => ruled({ ignore: [{ path: "etc/x", reason }] }),
    code: "FC_SPEC_PATH",
    at: "specs.hello.drift.ignore[0].path",
    remedy: /start it with \//,
  },
  {
    what: "a rule until a day that never comes",
    write: () => ruled({ ignore: [{ path: "/etc/x", reason, until: "2027-02-30" }] }),
    code: "FC_SPEC_VALUE",
    at: "specs.hello.drift.ignore[0].until",
  },
  {
    what: "a rule that watches where nothing is looked at",
    write: () => ruled({ watch: [{ path: "/tmp/**", reason }] }),
    code: "FC_SPEC_VALUE",
    at: "specs.hello.drift.watch[0].path",
  },
  {
    what: "an answer to drift that machines in place cannot give",
    write: () =>
      fleet(app(), { on: local({ machines: 1 }), by: inPlace({ strategy: rolling() }), onDrift: wrong("replace") }),
    code: "FC_FLEET_DELIVERY",
    at: "fleet.onDrift",
    remedy: /"fix"/,
  },
  {
    what: "an answer to drift that instances cannot give",
    write: () => fleet(app(), { on: local({ count: 1 }), by: replace({ strategy: rolling() }), onDrift: wrong("fix") }),
    code: "FC_FLEET_DELIVERY",
    at: "fleet.onDrift",
    remedy: /"replace"/,
  },
  {
    what: "an unknown key of a spec",
    write: () => spec("hello", wrong({ resources: [], helth: { path: "/" } })),
    code: "FC_SPEC_UNKNOWN_KEY",
    at: "specs.hello.helth",
    remedy: /^did you mean "health"\?$/,
  },
  {
    what: "a volume that is for some",
    write: () => app([], { volumes: { data: { path: "/srv/data", access: "some" } } }),
    code: "FC_SPEC_VALUE",
    at: "specs.hello.volumes.data.access",
  },
  {
    what: "a protection that is denied, which would end none",
    write: () => app([], { volumes: { data: { path: "/srv/data", protect: false } } }),
    code: "FC_SPEC_VALUE",
    at: "specs.hello.volumes.data.protect",
  },
  {
    what: "a path of a volume that is not absolute",
    write: () => app([], { volumes: { data: "srv/data" } }),
    code: "FC_SPEC_PATH",
    at: "specs.hello.volumes.data",
  },
  {
    what: "an unknown key of a volume",
    write: () => app([], { volumes: { data: { path: "/srv/data", acces: "shared" } } }),
    code: "FC_SPEC_UNKNOWN_KEY",
    at: "specs.hello.volumes.data.acces",
    remedy: /^did you mean "access"\?$/,
  },
  {
    what: "a process that is called like what runs once",
    write: () => app([], { processes: { release: { command: ["/bin/true"] } } }),
    code: "FC_SPEC_VALUE",
    at: "specs.hello.processes.release",
  },
  {
    what: "a task without the whole path of its program",
    write: () => app([], { release: { command: ["migrate"] } }),
    code: "FC_SPEC_PATH",
    at: "specs.hello.release.command",
  },
  {
    what: "a Procfile without a place for its directory",
    write: () => procfile("./app", wrong({ port: 80 })),
    code: "FC_SPEC_VALUE",
    at: 'procfile("./app").to',
  },
  {
    what: "a secret where none can stand",
    write: () => file("/etc/motd", wrong({ content: "", owner: secret("OWNER") })),
    code: "FC_SPEC_VALUE",
    at: 'file("/etc/motd").owner',
    remedy: /^a secret may be the content of a file, a variable/,
  },
  {
    what: "a secret as a word of a command",
    write: () => command("log in", wrong({ run: ["login", secret("TOKEN")], check: ["true"] })),
    code: "FC_SPEC_VALUE",
    at: 'command("log in").run[1]',
    remedy: /^a secret may be the content of a file, a variable/,
  },
  {
    what: "a secret joined into text",
    write: () => file("/etc/motd", { content: `token=${secret("TOKEN")}` }),
    code: "FC_SPEC_VALUE",
    at: 'file("/etc/motd").content',
    remedy: /^use a template/,
  },
  {
    what: "a secret joined into a word deep inside",
    write: () => app([], { run: { command: ["/bin/login", `--token=${secret("TOKEN")}`] } }),
    code: "FC_SPEC_VALUE",
    at: "specs.hello.run.command[1]",
    remedy: /^use a template/,
  },
  {
    what: "an unknown key deep inside",
    write: () => spec("hello", wrong({ resources: [], port: 80, health: { path: "/", witin: "30s" } })),
    code: "FC_SPEC_UNKNOWN_KEY",
    at: "specs.hello.health.witin",
    remedy: /^did you mean "within"\?$/,
  },
  {
    what: "an unknown key of a resource",
    write: () => file("/etc/motd", wrong({ content: "hi", ownr: "app" })),
    code: "FC_SPEC_UNKNOWN_KEY",
    at: 'file("/etc/motd").ownr',
    remedy: /^did you mean "owner"\?$/,
  },
  {
    what: "an unknown key that is like nothing known",
    write: () => user("app", wrong({ nonsense: 1 })),
    code: "FC_SPEC_UNKNOWN_KEY",
    at: 'user("app").nonsense',
    remedy: /^known here: system, uid/,
  },
  {
    what: "an unknown key of a fleet",
    write: () => fleet(app(), wrong({ on: local({ count: 1 }), by: replace({ strategy: blueGreen() }), listn: 80 })),
    code: "FC_SPEC_UNKNOWN_KEY",
    at: "fleet.listn",
    remedy: /^did you mean "listen"\?$/,
  },
  {
    what: "an unknown key of a project",
    write: () => defineProject(wrong({ name: "x", fleet: {} })),
    code: "FC_SPEC_VALUE",
    at: "project.fleets",
    remedy: /^$/,
  },
  {
    what: "a bad duration",
    write: () => spec("hello", { resources: [], port: 80, health: { path: "/", within: "30 seconds" } }),
    code: "FC_SPEC_DURATION",
    at: "specs.hello.health.within",
    remedy: /for example "30s"/,
  },
  ...[-1, 1.5, "5", "200%"].map(
    (maxFailures): Row => ({
      what: `so many failures: ${maxFailures}`,
      write: () => inPlace({ strategy: rolling(), maxFailures: wrong(maxFailures) }),
      code: "FC_SPEC_VALUE",
      at: "inPlace.maxFailures",
    }),
  ),
  ...[0, 1.5, "10"].map(
    (history): Row => ({
      what: `so many releases to keep: ${history}`,
      write: () => replace({ strategy: rolling(), history: wrong(history) }),
      code: "FC_SPEC_VALUE",
      at: "replace.history",
    }),
  ),
  {
    what: "a reaction to failures that there is not",
    write: () => inPlace({ strategy: rolling(), onFailure: wrong("undo") }),
    code: "FC_SPEC_VALUE",
    at: "inPlace.onFailure",
  },
  {
    what: "a bad duration of a delivery",
    write: () => inPlace({ strategy: rolling(), drain: "soon" }),
    code: "FC_SPEC_DURATION",
    at: "inPlace.drain",
    remedy: /for example "30s"/,
  },
  {
    what: "two resources for one thing",
    write: () => app([file("/etc/motd", { content: "a" }), pkg("curl"), file("/etc/motd", { content: "b" })]),
    code: "FC_SPEC_DUPLICATE",
    at: "specs.hello.resources[2]",
    remedy: /the first is resources\[0\]/,
  },
  {
    what: "a missing source file",
    write: () => bundle(app([file("/etc/motd", { source: "./nowhere.txt" })]), scratch),
    code: "FC_SPEC_SOURCE",
    at: 'file("/etc/motd").source',
    remedy: /^paths are relative to /,
  },
  {
    what: "a template that uses an unknown variable",
    write: () => bundle(app([file("/etc/motd", { template: "./greeting", variables: { name: "x" } })]), scratch),
    code: "FC_SPEC_TEMPLATE",
    at: 'file("/etc/motd").template',
    remedy: /^add place to variables; known: name$/,
  },
  {
    what: "a relative path of a file",
    write: () => file("etc/motd", { content: "" }),
    code: "FC_SPEC_PATH",
    at: 'file("etc/motd")',
    remedy: /^start it with \//,
  },
  {
    what: "a path with ..",
    write: () => directory("/srv/../etc"),
    code: "FC_SPEC_PATH",
    at: 'directory("/srv/../etc")',
    remedy: /leave out \. and \.\./,
  },
  {
    what: "a relative path of a link",
    write: () => link("here", { target: "/x" }),
    code: "FC_SPEC_PATH",
    at: 'link("here")',
    remedy: /^start it with \//,
  },
  {
    what: "a program without its path",
    write: () => app([], { run: { command: ["python3"] } }),
    code: "FC_SPEC_PATH",
    at: "specs.hello.run.command",
    remedy: /\/usr\/bin\/python3/,
  },
  {
    what: "a port out of range",
    write: () => spec("hello", { resources: [], port: 70_000 }),
    code: "FC_SPEC_PORT",
    at: "specs.hello.port",
    remedy: /1 to 65535/,
  },
  {
    what: "a port that is no whole number",
    write: () => pets(80.5),
    code: "FC_SPEC_PORT",
    at: "fleet.listen",
    remedy: /1 to 65535/,
  },
  {
    what: "two fleets on one port",
    write: () => defineProject({ name: "x", fleets: { one: pets(80), two: pets(80) } }),
    code: "FC_PROJECT_PORT_TAKEN",
    at: "fleets.two.listen",
    remedy: /a port of its own/,
  },
  {
    what: "a preview at a port that another fleet serves at",
    write: () => defineProject({ name: "x", fleets: { one: pets(80), two: pets(81, 80) } }),
    code: "FC_PROJECT_PORT_TAKEN",
    at: "fleets.two.preview",
    remedy: /a port of its own/,
  },
  {
    what: "a preview at the port to serve at",
    write: () => defineProject({ name: "x", fleets: { one: pets(80, 80) } }),
    code: "FC_PROJECT_PORT_TAKEN",
    at: "fleets.one.preview",
    remedy: /a port of its own/,
  },
  {
    what: "a preview of a fleet that does not listen",
    write: () => pets(undefined, 81),
    code: "FC_SPEC_VALUE",
    at: "fleet.preview",
    remedy: /add listen/,
  },
  {
    what: "a time to wait of a fleet that does not listen",
    write: () => fleet(app(), { on: local({ machines: 1 }), by: inPlace({ strategy: rolling() }), hold: "30s" }),
    code: "FC_SPEC_VALUE",
    at: "fleet.hold",
    remedy: /add listen/,
  },
  {
    what: "a strategy that a delivery cannot do",
    write: () => inPlace({ strategy: wrong(blueGreen()) }),
    code: "FC_STRATEGY_DELIVERY",
    at: "inPlace.strategy",
    remedy: /rolling\(\) or allAtOnce\(\)/,
  },
  {
    what: "machines that a delivery cannot use",
    write: () => fleet(app(), wrong({ on: ssh({ hosts: ["web1"] }), by: replace({ strategy: blueGreen() }) })),
    code: "FC_FLEET_DELIVERY",
    at: "fleet.on",
    remedy: /local\(\{ count/,
  },
  {
    what: "two hosts of one name",
    write: () => ssh({ hosts: ["a", "a"] }),
    code: "FC_SPEC_DUPLICATE",
    at: "ssh.hosts[1]",
    remedy: /name of its own/,
  },
  {
    what: "a destination that ssh would take for an option",
    write: () => ssh({ hosts: ["-oProxyCommand=x"] }),
    code: "FC_SPEC_VALUE",
    at: "ssh.hosts[0]",
    remedy: /^$/,
  },
  {
    what: "hosts that are none of what hosts can be",
    write: () => ssh({ hosts: wrong({ kind: "puppet" }) }),
    code: "FC_SPEC_VALUE",
    at: "ssh.hosts",
    remedy: /^$/,
  },
  {
    what: "a host's key that is nearly right",
    write: () => ssh({ hosts: [wrong({ destination: "a", prot: 22 })] }),
    code: "FC_SPEC_UNKNOWN_KEY",
    at: "ssh.hosts[0].prot",
    remedy: /did you mean "port"/,
  },
  {
    what: "a jump host that ssh would take for an option",
    write: () => ssh({ hosts: ["a"], jump: ["b", { destination: "-oProxyCommand=x" }] }),
    code: "FC_SPEC_VALUE",
    at: "ssh.jump[1].destination",
    remedy: /^$/,
  },
  {
    what: "a password for sudo in the configuration",
    write: () => ssh({ hosts: ["a"], sudo: wrong({ password: "hunter2" }) }),
    code: "FC_SPEC_VALUE",
    at: "ssh.sudo.password",
    remedy: /^$/,
  },
  {
    what: "a host key without its type",
    write: () => ssh({ hosts: [{ destination: "a", hostKey: "AAAAC3Nz" }] }),
    code: "FC_SPEC_VALUE",
    at: "ssh.hosts[0].hostKey",
    remedy: /ssh_host_ed25519_key.pub/,
  },
  {
    what: "a path of known_hosts that would end an option of ssh",
    write: () => ssh({ hosts: ["a"], knownHosts: 'a" /etc/other "' }),
    code: "FC_SPEC_VALUE",
    at: "ssh.knownHosts",
    remedy: /^$/,
  },
  {
    what: "a tag with a comma",
    write: () => ssh({ hosts: ["a"], tags: ["a,b"] }),
    code: "FC_SPEC_VALUE",
    at: "ssh.tags[0]",
    remedy: /^$/,
  },
  {
    what: "an option of an inventory that is nearly right",
    write: () => ansibleInventory("hosts.ini", wrong({ gruop: "web" })),
    code: "FC_SPEC_UNKNOWN_KEY",
    at: 'ansibleInventory("hosts.ini").gruop',
    remedy: /did you mean "group"/,
  },
  {
    what: "hosts of Terraform from two files",
    write: () => terraform(wrong({ file: "a", state: "b", output: "c" })),
    code: "FC_SPEC_VALUE",
    at: "terraform",
    remedy: /give file .* or state/,
  },
  {
    what: "a resource in outputs",
    write: () => terraform(wrong({ file: "a", resource: "b", attribute: "c" })),
    code: "FC_SPEC_VALUE",
    at: "terraform",
    remedy: /give output/,
  },
  {
    what: "a file with two contents",
    write: () => file("/a", { content: "", source: "b" }),
    code: "FC_SPEC_VALUE",
    at: 'file("/a")',
    remedy: /keep one/,
  },
  {
    what: "a file without content",
    write: () => file("/a", {}),
    code: "FC_SPEC_VALUE",
    at: 'file("/a")',
    remedy: /keep one/,
  },
  {
    what: "a mode that is none",
    write: () => file("/a", { content: "", mode: "rw" }),
    code: "FC_SPEC_VALUE",
    at: 'file("/a").mode',
    remedy: /^$/,
  },
  {
    what: "a package that cannot be one",
    write: () => pkg("-y"),
    code: "FC_SPEC_VALUE",
    at: 'pkg("-y")',
    remedy: /^$/,
  },
  {
    what: "a user that cannot be one",
    write: () => user("a b"),
    code: "FC_SPEC_VALUE",
    at: 'user("a b")',
    remedy: /^$/,
  },
  {
    what: "a group that cannot be one",
    write: () => group("1x"),
    code: "FC_SPEC_VALUE",
    at: 'group("1x")',
    remedy: /^$/,
  },
  {
    what: "a unit that cannot be one",
    write: () => service("a b"),
    code: "FC_SPEC_VALUE",
    at: 'service("a b")',
    remedy: /^$/,
  },
  {
    what: "a template of units",
    write: () => service("getty@"),
    code: "FC_SPEC_VALUE",
    at: 'service("getty@")',
    remedy: /^$/,
  },
  {
    what: "a command without a check",
    write: () => command("x", wrong({ run: ["true"] })),
    code: "FC_SPEC_VALUE",
    at: 'command("x").check',
    remedy: /^$/,
  },
  {
    what: "an empty command",
    write: () => command("x", { run: [], check: ["true"] }),
    code: "FC_SPEC_VALUE",
    at: 'command("x").run',
    remedy: /^$/,
  },
  {
    what: "a base image without a registry",
    write: () => image("debian:12"),
    code: "FC_SPEC_VALUE",
    at: 'image("debian:12").image',
    remedy: /REGISTRY\/NAME:TAG|image/,
  },
  {
    what: "a base that is nothing of the kind",
    write: () => app([], { base: wrong("bookworm") }),
    code: "FC_SPEC_VALUE",
    at: "specs.hello.base",
  },
  {
    what: "a base on what is no spec",
    write: () => from(wrong({})),
    code: "FC_SPEC_VALUE",
    at: "from",
  },
  {
    what: "a base that is none",
    write: () => debian("Book Worm"),
    code: "FC_SPEC_VALUE",
    at: 'debian("Book Worm").suite',
    remedy: /^$/,
  },
  {
    what: "a snapshot of no sources",
    write: () => debian("bookworm", { snapshot: "20261101T000000Z" }),
    code: "FC_SPEC_VALUE",
    at: 'debian("bookworm").snapshot',
    remedy: /\{snapshot\}/,
  },
  {
    what: "a source of packages that is none",
    write: () => debian("bookworm", { sources: ["http://packages.example"] }),
    code: "FC_SPEC_VALUE",
    at: 'debian("bookworm").sources[0]',
    remedy: /^$/,
  },
  {
    what: "a resource that is none",
    write: () => app([wrong("curl")]),
    code: "FC_SPEC_VALUE",
    at: "specs.hello.resources[0]",
    remedy: /^$/,
  },
  {
    what: "a health check without a port",
    write: () => spec("hello", { resources: [], health: { path: "/" } }),
    code: "FC_SPEC_VALUE",
    at: "specs.hello.health",
    remedy: /add port/,
  },
  {
    what: "a fleet that listens for a spec without a port",
    write: () =>
      fleet(spec("quiet", { resources: [] }), {
        on: local({ count: 1 }),
        by: replace({ strategy: blueGreen() }),
        listen: 80,
      }),
    code: "FC_SPEC_VALUE",
    at: "fleet.listen",
    remedy: /add port to specs\.quiet/,
  },
  {
    what: "a canary without a router",
    write: () => fleet(app(), { on: local({ count: 1 }), by: replace({ strategy: canary() }) }),
    code: "FC_SPEC_VALUE",
    at: "fleet.by.strategy",
    remedy: /add listen/,
  },
  {
    what: "steps of a canary that do not grow",
    write: () => canary({ steps: [{ weight: 20 }, { weight: 10 }] }),
    code: "FC_SPEC_VALUE",
    at: "canary.steps",
  },
  {
    what: "a gate that asks for nothing",
    write: () => errorRate({}),
    code: "FC_SPEC_VALUE",
    at: "errorRate",
  },
  {
    what: "a batch of nothing",
    write: () => rolling({ batch: 0 }),
    code: "FC_SPEC_VALUE",
    at: "rolling.batch",
    remedy: /./,
  },
]

let scratch = ""

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "fireclay-test-"))
  await writeFile(join(scratch, "greeting"), "hello {{ name }} of {{ place }}\n")
})

afterAll(() => rm(scratch, { recursive: true }))

describe("wrong input is told with code, place and remedy", () => {
  it.each(rows)("$what: $code", async ({ write, code, at, remedy }) => {
    const error = await caught(write)
    expect({ code: error.code, at: error.at }).toEqual({ code, at })
    expect(error.remedy ?? "").toMatch(remedy ?? /^/)
    expect(error.message).not.toBe("")
  })
})

describe("a configuration is frozen data", () => {
  it("all the way down", () => {
    const project = defineProject({ name: "x", fleets: { one: pets(80) } })
    const visit = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return
      expect(Object.isFrozen(value)).toBe(true)
      for (const child of Object.values(value)) visit(child)
    }
    visit(project)
  })
})
