import { describe, expect, it } from "vitest"
import type { DriftKind } from "../../../src/contract/index.ts"
import { type Finding, judge } from "../../../src/core/drift/judge.ts"
import { foldPackages, parseOwners } from "../../../src/core/drift/owners.ts"
import { parseSurvey } from "../../../src/core/drift/survey.ts"

const record = (path: string, more: Partial<Record<string, string>> = {}): string => {
  const { kind = "f", mode = "0644", owner = "root", group = "root", size = "5", target = "" } = more
  const { modified = "1.0", changed = "1795757600.5", inode = "7" } = more
  return [path, kind, mode, owner, group, size, modified, changed, inode, target].join("\t")
}

interface Seen {
  /** Lines of before and, after a tab, of now: as `comm -3` has them. */
  readonly files?: readonly string[]
  readonly content?: readonly string[]
  readonly capable?: readonly string[]
  readonly things?: readonly string[]
  readonly odd?: readonly string[]
}

const lines = (all: readonly string[] = []): string => all.map((line) => `${line}\n`).join("")

const surveyOf = ({ files, content, capable, things, odd = [] }: Seen) => {
  const survey = parseSurvey(
    [
      `taken 1795757000`,
      lines(files),
      lines(content),
      lines(capable),
      lines(things),
      ...odd.map((path) => `${path}`),
      "",
    ].join("\0"),
  )
  if (survey === undefined) throw new Error("no survey")
  return survey
}

const release = {
  resources: [
    { type: "file", id: "file:/etc/motd", want: { path: "/etc/motd" }, contents: [] },
    { type: "user", id: "user:app", want: { name: "app" }, contents: [] },
    { type: "package", id: "package:nginx", want: { name: "nginx" }, contents: [] },
    { type: "service", id: "service:nginx.service", want: { unit: "nginx.service" }, contents: [] },
  ],
  volumes: [{ name: "uploads", path: "/srv/up.loads", access: "shared" as const }],
  scratch: ["/srv/cache"],
}

const tell = (seen: Seen): readonly string[] =>
  judge(surveyOf(seen), release).findings.map(
    ({ change, kind, what, details }) =>
      `${change} ${kind} ${what}${details.length === 0 ? "" : `: ${details.join(", ")}`}`,
  )

const changed = (path: string, before: Parameters<typeof record>[1], after: Parameters<typeof record>[1]) => ({
  files: [record(path, before), `\t${record(path, after)}`],
})
const added = (path: string, after?: Parameters<typeof record>[1]) => ({ files: [`\t${record(path, after)}`] })
const removed = (path: string, before?: Parameters<typeof record>[1]) => ({ files: [record(path, before)] })

describe("judge", () => {
  it.each<readonly [string, Seen, readonly string[]]>([
    [
      "a new setuid program",
      added("/usr/local/bin/x", { mode: "04755" }),
      ["added setuid program /usr/local/bin/x: mode 04755"],
    ],
    [
      "one among data",
      added("/srv/up.loads/x", { mode: "06755" }),
      ["added setuid program /srv/up.loads/x: mode 06755"],
    ],
    [
      "a capability",
      { ...changed("/usr/bin/id", { mode: "0755" }, { mode: "0755", changed: "9" }), capable: ["/usr/bin/id"] },
      ["changed program /usr/bin/id: has capabilities"],
    ],
    [
      "one that stopped being one",
      changed("/bin/su", { mode: "04755" }, { mode: "0755" }),
      ["changed setuid program /bin/su: mode 04755 → 0755"],
    ],
    [
      "an edited unit",
      { ...changed("/etc/systemd/system/x.service", {}, {}), content: ["/etc/systemd/system/x.service"] },
      ["changed unit /etc/systemd/system/x.service: content"],
    ],
    ["a timer", added("/etc/systemd/system/x.timer"), ["added timer /etc/systemd/system/x.timer: mode 0644"]],
    [
      "a cron job in a user's table",
      added("/var/spool/cron/crontabs/app", { mode: "0600" }),
      ["added cron job /var/spool/cron/crontabs/app: mode 0600"],
    ],
    [
      "a key",
      { ...changed("/root/.ssh/authorized_keys", {}, { size: "99" }), content: ["/root/.ssh/authorized_keys"] },
      ["changed SSH key /root/.ssh/authorized_keys: size 5 → 99, content"],
    ],
    [
      "a key of a user",
      added("/home/ann/.ssh/authorized_keys"),
      ["added SSH key /home/ann/.ssh/authorized_keys: mode 0644"],
    ],
    ["a sudo rule", added("/etc/sudoers.d/x"), ["added sudo rule /etc/sudoers.d/x: mode 0644"]],
    ["a preloaded library", added("/etc/ld.so.preload"), ["added library loading /etc/ld.so.preload: mode 0644"]],
    [
      "an alternative",
      changed("/etc/alternatives/awk", { kind: "l", target: "/usr/bin/mawk" }, { kind: "l", target: "/bin/x" }),
      ["changed alternative /etc/alternatives/awk: target /usr/bin/mawk → /bin/x"],
    ],
    ["a file that is gone", removed("/etc/securetty"), ["removed file /etc/securetty: mode 0644"]],
    ["another owner", changed("/etc/x", {}, { owner: "app" }), ["changed file /etc/x: owner root → app"]],
    [
      "a new host key",
      { ...changed("/etc/ssh/ssh_host_rsa_key", {}, {}), content: ["/etc/ssh/ssh_host_rsa_key"] },
      ["changed host key /etc/ssh/ssh_host_rsa_key: content"],
    ],
    ["a program among logs", added("/var/log/x", { mode: "0755" }), ["added program /var/log/x: mode 0755"]],
    ["a program among state", added("/var/lib/foo/x", { mode: "0755" }), ["added program /var/lib/foo/x: mode 0755"]],
    [
      "a maintainer script",
      { ...changed("/var/lib/dpkg/info/x.postinst", {}, {}), content: ["/var/lib/dpkg/info/x.postinst"] },
      ["changed package database /var/lib/dpkg/info/x.postinst: content"],
    ],
    [
      "who may read the passwords",
      changed("/etc/shadow", { mode: "0640" }, { mode: "0644" }),
      ["changed account file /etc/shadow: mode 0640 → 0644"],
    ],
    ["a name with control characters", { odd: ["/tmp/a\nb"] }, ["added odd name /tmp/a\nb"]],
    ["a port", { things: ["\tport\ttcp 0.0.0.0:4444\tnc"] }, ["added port tcp 0.0.0.0:4444: nc"]],
    [
      "a port where Docker's resolver is, but of a program",
      { things: ["\tport\ttcp 127.0.0.11:4444\tnc"] },
      ["added port tcp 127.0.0.11:4444: nc"],
    ],
    [
      "another package version",
      { things: ["package\tcurl:amd64\t1 installed", "\tpackage\tcurl:amd64\t2 installed"] },
      ["changed package curl:amd64: 1 installed → 2 installed"],
    ],
    [
      "another password",
      { things: ["password\troot\ts 1", "\tpassword\troot\ts 2"] },
      ["changed password root: another"],
    ],
    [
      "a kernel setting",
      { things: ["kernel setting\tnet/ipv4/ip_forward\t0", "\tkernel setting\tnet/ipv4/ip_forward\t1"] },
      ["changed kernel setting net/ipv4/ip_forward: 0 → 1"],
    ],
  ])("tells of %s", (_, seen, told) => {
    expect(tell(seen)).toEqual(told)
  })

  it.each<readonly [string, Seen]>([
    ["times that are others", changed("/usr/bin/env", { changed: "1.0" }, { changed: "2.0", modified: "9.9" })],
    [
      "a directory into which something was put",
      changed("/etc", { kind: "d", size: "-" }, { kind: "d", size: "-", changed: "9" }),
    ],
    [
      "what is described, which a plan tells of",
      { ...changed("/etc/motd", {}, { mode: "0600" }), content: ["/etc/motd"] },
    ],
    ["a described account", { things: ["account\tapp\t1", "\taccount\tapp\t2"] }],
    ["a described package", { things: ["package\tnginx:amd64\t1 installed", "\tpackage\tnginx:amd64\t2 installed"] }],
    ["a described service", { things: ["running unit\tnginx.service\trunning"] }],
    [
      "account files, which are told entry by entry",
      { ...changed("/etc/passwd", {}, { size: "9" }), content: ["/etc/passwd"] },
    ],
    ["data of a volume", { ...changed("/srv/up.loads/a", {}, { size: "9" }), content: ["/srv/up.loads/a"] }],
    ["a directory that stays writable", added("/srv/cache/a/b")],
    ["state", changed("/var/lib/postgresql/15/main/base/1", {}, { size: "9" })],
    ["somebody's files", added("/home/ann/notes.txt")],
    ["logs and caches", { files: [`\t${record("/var/log/x.1")}`, `\t${record("/var/cache/man/x")}`] }],
    ["what somebody typed", added("/root/.bash_history")],
    [
      "random numbers",
      { things: ["kernel setting\tkernel/random/uuid\ta", "\tkernel setting\tkernel/random/uuid\tb"] },
    ],
    [
      "Docker's resolver at another port",
      { things: ["port\ttcp 127.0.0.11:43197\t", "\tport\ttcp 127.0.0.11:38853\t"] },
    ],
    ["sessions", { things: ["\trunning unit\tuser@0.service\trunning", "\tmount\t/run/user/0\ttmpfs tmpfs rw"] }],
  ])("does not tell of %s", (_, seen) => {
    expect(tell(seen)).toEqual([])
  })

  it("does not take a path for data because it begins alike", () => {
    expect(tell(added("/srv/upxloads/a"))).toHaveLength(1)
    expect(tell(added("/srv/cached"))).toHaveLength(1)
  })

  it("counts what it does not tell", () => {
    const survey = surveyOf({
      files: [`\t${record("/srv/up.loads/a")}`, `\t${record("/var/log/x.1")}`],
      things: ["\trunning unit\tuser@0.service\trunning"],
    })
    expect(judge(survey, release)).toMatchObject({ findings: [], data: 1, varied: 2 })
  })

  it("lets a directory stand for all that came with it, but for what has to be seen", () => {
    const directory = { kind: "d", mode: "0755", size: "-" }
    const files = [
      record("/opt/gone", directory),
      record("/opt/gone/1"),
      `\t${record("/opt/a", directory)}`,
      `\t${record("/opt/a/b", directory)}`,
      `\t${record("/opt/a/b/1")}`,
      `\t${record("/opt/a/b/2", { mode: "04755" })}`,
      `\t${record("/opt/ab")}`,
    ]
    expect(tell({ files })).toEqual([
      "removed directory /opt/gone: mode 0755, with 1 below it",
      "added directory /opt/a: mode 0755, with 2 below it",
      "added setuid program /opt/a/b/2: mode 04755",
      "added file /opt/ab: mode 0644",
    ])
  })

  it("says whose a file is, how large, and since when", () => {
    const [finding] = judge(surveyOf(added("/opt/x", { owner: "app", group: "www", size: "12" })), release).findings
    expect(finding).toEqual({
      kind: "file",
      what: "/opt/x",
      change: "added",
      details: ["mode 0644"],
      owner: "app:www",
      size: 12,
      at: "2026-11-27T05:33:20.500Z",
    })
  })
})

describe("parseSurvey", () => {
  it("knows when there is no baseline", () => {
    expect(parseSurvey("none")).toBeUndefined()
  })

  it("pairs before and now by path, and undoes what programs do to backslashes", () => {
    const survey = surveyOf({ ...changed("/a\\b", {}, { size: "6" }), content: ["/a\\\\b"] })
    expect(survey).toMatchObject({ takenMs: 1795757000000, odd: [] })
    expect(survey.files).toEqual([
      {
        path: "/a\\b",
        before: expect.objectContaining({ size: "5" }),
        after: expect.objectContaining({ size: "6" }),
        content: true,
      },
    ])
  })
})

describe("foldPackages", () => {
  const finding = (kind: DriftKind, what: string): Finding => ({ kind, what, change: "changed", details: [] })

  it("says which package a file belongs to", () => {
    const owners = parseOwners("nginx-common: /etc/nginx/nginx.conf\nlibc6:amd64: /lib/x.so\nbase-files, bash: /etc\n")
    const told = foldPackages(
      ["/etc/nginx/nginx.conf", "/usr/lib/x.so", "/opt/x"].map((path) => finding("file", path)),
      owners,
    )
    expect(told.map((each) => each.package)).toEqual(["nginx-common", "libc6", undefined])
  })

  it("tells the files of a package that changed with it, and not the package database", () => {
    const all = [
      finding("package", "curl:amd64"),
      finding("program", "/usr/bin/curl"),
      finding("package database", "/var/lib/dpkg/status"),
      finding("package database", "/var/lib/dpkg/info/curl.list"),
      finding("package database", "/var/lib/dpkg/info/curl:amd64.md5sums"),
      finding("package database", "/var/lib/dpkg/info/libc6.postinst"),
      finding("file", "/etc/x"),
    ]
    expect(
      foldPackages(all, new Map([["/usr/bin/curl", "curl"]])).map(({ what, details }) => [what, ...details]),
    ).toEqual([["curl:amd64", "with 1 of its files"], ["/var/lib/dpkg/info/libc6.postinst"], ["/etc/x"]])
  })
})
