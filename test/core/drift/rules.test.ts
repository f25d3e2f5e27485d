import { describe, expect, it } from "vitest"
import type { DriftKind, IgnoreRule } from "../../../src/contract/index.ts"
import { type Finding, judge } from "../../../src/core/drift/judge.ts"
import { ruleFor, rulesOf, withoutIgnored } from "../../../src/core/drift/rules.ts"
import type { FileRecord } from "../../../src/core/drift/survey.ts"
import { bundle } from "../../../src/core/index.ts"
import { from, spec } from "../../../src/index.ts"

const reason = "because"
const finding = (kind: DriftKind, what: string): Finding => ({ kind, what, change: "added", details: [] })

describe("ruleFor", () => {
  it.each<readonly [IgnoreRule, Finding, boolean]>([
    [{ path: "/etc/x", reason }, finding("file", "/etc/x"), true],
    [{ path: "/etc/x", reason }, finding("file", "/etc/x.d"), false],
    [{ path: "/etc/*.conf", reason }, finding("file", "/etc/a.conf"), true],
    [{ path: "/etc/*.conf", reason }, finding("file", "/etc/a/b.conf"), false],
    [{ path: "/etc/a/**", reason }, finding("file", "/etc/a/b/c"), true],
    [{ path: "/etc/a/**", reason }, finding("directory", "/etc/a"), false],
    [{ path: "/etc/**", kind: "cron job", reason }, finding("cron job", "/etc/cron.d/x"), true],
    [{ path: "/etc/**", kind: "cron job", reason }, finding("file", "/etc/x"), false],
    [{ kind: "kernel module", reason }, finding("kernel module", "nvidia"), true],
    [{ kind: "kernel module", name: "nvidia*", reason }, finding("kernel module", "nvidia_drm"), true],
    [{ kind: "kernel module", name: "nvidia*", reason }, finding("kernel module", "nf_tables"), false],
    [{ kind: "kernel setting", name: "net/**", reason }, finding("kernel setting", "net/ipv4/ip_forward"), true],
    [{ kind: "port", name: "tcp 127.0.0.1:*", reason }, finding("port", "tcp 127.0.0.1:53"), true],
    [{ kind: "port", name: "tcp 127.0.0.1:*", reason }, finding("port", "tcp 0.0.0.0:53"), false],
  ])("%j, of %j: %s", (rule, given, fits) => {
    expect(ruleFor([{ path: "/another", reason }, rule], given)).toBe(fits ? 1 : undefined)
  })
})

describe("rulesOf", () => {
  const base = spec("base", { resources: [], drift: { ignore: [{ path: "/opt/agent", reason: "of the base" }] } })
  const app = spec("app", {
    base: from(base),
    resources: [],
    drift: { watch: [{ path: "/srv/data/**", reason, until: "2026-11-27" }] },
  })

  it("are those of the specs below too", () => {
    expect(rulesOf(app, Date.parse("2026-11-27T23:59:59Z"))).toEqual({
      ignore: [{ path: "/opt/agent", reason: "of the base" }],
      watch: [{ path: "/srv/data/**", reason, until: "2026-11-27" }],
      expired: [],
    })
  })

  it("ends with the day of until", () => {
    expect(rulesOf(app, Date.parse("2026-11-28T00:00:00Z"))).toMatchObject({
      watch: [],
      expired: [{ reason, until: "2026-11-27" }],
    })
  })

  it("is no part of a release", async () => {
    const without = spec("base", { resources: [] })
    expect((await bundle(base, "/")).digest).toBe((await bundle(without, "/")).digest)
  })
})

describe("judge", () => {
  const of = (kind: string, size = "5"): FileRecord => ({
    ...{ kind, mode: "0644", owner: "root", group: "root", size, modified: 1, target: "" },
  })
  const added = (path: string, kind = "f") => ({ path, after: of(kind) })
  const manifest = { resources: [], volumes: [{ name: "data", path: "/srv/data" }], scratch: [] }
  const survey = (files: readonly { readonly path: string }[]) => ({ takenMs: 0, files, things: [], odd: [] })

  it("counts what is watched among data, and what varies by nature", () => {
    const files = ["/srv/data/a", "/srv/data/plugins/b", "/var/log/app/c"].map((path) => added(path))
    const grown = { path: "/srv/data/plugins/d", before: of("f"), after: of("f", "6"), content: true as const }
    const watch = ["/srv/data/plugins/**", "/var/log/app/*"].map((path) => ({ path, reason }))
    const judged = judge(survey([...files, grown]), manifest, { rules: { ignore: [], watch, expired: [] } })
    expect(judged.findings.map(({ what, details }) => [what, ...details])).toEqual([
      ["/srv/data/plugins/b", "mode 0644"],
      ["/var/log/app/c", "mode 0644"],
      ["/srv/data/plugins/d", "size 5 → 6", "content"],
    ])
    expect(judged).toMatchObject({ data: 1, varied: 0 })
  })

  it("lists what is ignored by its rule, and lets no directory stand for more than its rule hides", () => {
    const files = [added("/opt/agent", "d"), added("/opt/agent/run"), added("/opt/agent/cache/x"), added("/opt/y")]
    const ignore: readonly IgnoreRule[] = [
      { path: "/nothing", reason },
      { path: "/opt/agent/cache/**", reason: "a cache" },
    ]
    const { findings } = judge(survey(files), manifest, { rules: { ignore, watch: [], expired: [] } })
    const { undeclared, ignored } = withoutIgnored(findings, ignore)
    expect(undeclared.map(({ what, details }) => [what, ...details])).toEqual([
      ["/opt/agent", "mode 0644", "with 1 below it"],
      ["/opt/y", "mode 0644"],
    ])
    expect(ignored).toMatchObject([{ rule: { reason: "a cache" }, findings: [{ what: "/opt/agent/cache/x" }] }])
    expect(ignored[0]?.findings[0]).not.toHaveProperty("ignoredBy")
  })
})
