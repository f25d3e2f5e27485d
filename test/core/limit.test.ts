import { describe, expect, it } from "vitest"
import type { Fleet } from "../../src/contract/index.ts"
import { type LimitWant, limitFleets } from "../../src/core/limit.ts"
import { bundle } from "../../src/core/release.ts"
import { file, service, user } from "../../src/resources/index.ts"
import { closest } from "../../src/schema/closest.ts"
import { defineProject, fleet, inPlace, local, replace, spec, ssh, tagged } from "../../src/spec/index.ts"
import { allAtOnce } from "../../src/strategies/index.ts"
import { caught } from "../support/catch.ts"

const web = spec("web", {
  resources: [
    user("app"),
    ...tagged("edge", ...tagged("config", file("/etc/nginx/a.conf", { content: "" }))),
    ...tagged("config", file("/etc/nginx/b.conf", { content: "" })),
    file("/etc/motd", { content: "" }),
    service("nginx", { reloadOn: ["/etc/nginx/a.conf"] }),
  ],
})
const mail = spec("mail", { resources: [file("/etc/motd", { content: "" }), file("/etc/aliases", { content: "" })] })
const hosts = [
  { name: "web1", destination: "web1", tags: ["eu"] },
  { name: "web2", destination: "web2", tags: ["us"] },
]
const by = inPlace({ strategy: allAtOnce() })
const { fleets } = defineProject({
  name: "project",
  fleets: {
    web: fleet(web, { on: ssh({ hosts }), by }),
    mail: fleet(mail, { on: local({ machines: 1 }), by }),
    cattle: fleet(web, { on: local({ count: 1 }), by: replace({ strategy: allAtOnce() }) }),
  },
})

const limited = async (want: Partial<LimitWant>, names: readonly string[] = []) => {
  const chosen = Object.values(fleets).filter(({ name }) => names.length === 0 || names.includes(name))
  const given = await Promise.all(
    chosen.map(async (of: Fleet) => ({
      fleet: of,
      bundled: await bundle(of.spec, "/"),
      names: of.on.kind === "ssh" ? of.on.hosts.map(({ name }) => name) : [`${of.name}-1`],
    })),
  )
  const all = limitFleets(given, { on: [], only: [], tag: [], ...want }, { named: names.length > 0, closest })
  const list = (set: ReadonlySet<string> | undefined): string => (set === undefined ? "all" : [...set].join(" "))
  return all.map(({ fleet: { name }, limit }) => `${name}: ${list(limit.only)} on ${list(limit.machines)}`)
}

describe("a limited run is about", () => {
  it.each<readonly [string, Partial<LimitWant>, readonly string[]]>([
    ["a machine", { on: ["web2"] }, ["web: all on web2"]],
    ["machines of two fleets", { on: ["web1", "mail-1"] }, ["web: all on web1", "mail: all on mail-1"]],
    ["a tag of hosts", { on: ["eu"] }, ["web: all on web1"]],
    ["machines like this", { on: ["web*"] }, ["web: all on web1 web2"]],
    ["a resource by its id", { only: ["user:app"] }, ["web: user:app on all"]],
    ["a resource by its path", { only: ["/etc/aliases"] }, ["mail: file:/etc/aliases on all"]],
    ["what two fleets have", { only: ["/etc/motd"] }, ["web: file:/etc/motd on all", "mail: file:/etc/motd on all"]],
    ["a service without its kind", { only: ["nginx"] }, ["web: service:nginx.service on all"]],
    [
      "resources like this",
      { only: ["file:/etc/nginx/*"] },
      ["web: file:/etc/nginx/a.conf file:/etc/nginx/b.conf on all"],
    ],
    ["a type", { only: ["user:*"] }, ["web: user:app on all"]],
    ["a tag", { tag: ["config"] }, ["web: file:/etc/nginx/a.conf file:/etc/nginx/b.conf on all"]],
    ["a tag that was given to a tagged one", { tag: ["edge"] }, ["web: file:/etc/nginx/a.conf on all"]],
    ["a tag and a resource", { tag: ["edge"], only: ["user:app"] }, ["web: user:app file:/etc/nginx/a.conf on all"]],
    ["a resource on a machine", { on: ["web1"], only: ["/etc/motd"] }, ["web: file:/etc/motd on web1"]],
  ])("%s", async (_, want, expected) => {
    expect((await limited(want)).map((line) => line.split(" ").toSorted())).toEqual(
      expected.map((line) => line.split(" ").toSorted()),
    )
  })

  it.each<readonly [Partial<LimitWant>, string, string, string]>([
    [{ on: ["wbe1"] }, "--on", 'there is no machine or tag of hosts "wbe1"', 'did you mean "web1"?'],
    [{ only: ["/etc/mtd"] }, "--only", 'there is no resource "/etc/mtd"', 'did you mean "/etc/motd"?'],
    [
      { only: ["package:*"] },
      "--only",
      'there is no resource "package:*"',
      "known: user:app, file:/etc/nginx/a.conf, ",
    ],
    [{ only: ["a.conf"] }, "--only", 'there is no resource "a.conf"', 'did you mean "file:/etc/nginx/a.conf"?'],
    [{ tag: ["cnfig"] }, "--tag", 'there is no tag of resources "cnfig"', 'did you mean "config"?'],
    [{ on: ["web1"], only: ["/etc/aliases"] }, "--on", "no fleet has both", "name machines and resources of one fleet"],
  ])("nothing: FC_TARGET_UNKNOWN %j", async (want, at, message, remedy) => {
    const error = await caught(() => limited(want))
    expect([error.code, error.at]).toEqual(["FC_TARGET_UNKNOWN", at])
    expect(error.message).toContain(message)
    expect(error.remedy).toContain(remedy)
  })

  it("no fleet by replacement: FC_TARGET_DELIVERY when that is meant", async () => {
    for (const names of [["cattle"], ["web", "cattle"]]) {
      const error = await caught(() => limited({ only: ["/etc/motd"] }, names))
      expect([error.code, error.at]).toEqual(["FC_TARGET_DELIVERY", "fleets.cattle"])
    }
  })
})

describe("tags", () => {
  it("make no other release", async () => {
    const one = (resources: readonly ReturnType<typeof user>[]) => bundle(spec("web", { resources }), "/")
    const [plain, marked] = await Promise.all([one([user("app")]), one([...tagged("x", user("app"))])])
    expect(marked.digest).toBe(plain.digest)
  })

  it.each([
    ["", "tagged"],
    ["with space", "tagged"],
  ])("are words: FC_SPEC_VALUE %j", async (tag, at) => {
    const error = await caught(async () => tagged(tag, user("app")))
    expect([error.code, error.at]).toEqual(["FC_SPEC_VALUE", at])
  })
})
