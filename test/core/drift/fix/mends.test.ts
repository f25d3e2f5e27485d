import { describe, expect, it } from "vitest"
import type { Step } from "../../../../src/contract/index.ts"
import { type Answers, parseAnswers, questionsAbout } from "../../../../src/core/drift/fix/ask.ts"
import { isForGood, isLeft, isMend, stepsOf } from "../../../../src/core/drift/fix/mend.ts"
import { mendsOf, ownOf } from "../../../../src/core/drift/fix/mends.ts"
import { judgeEach, type Told } from "../../../../src/core/drift/judge.ts"
import type { FileChange, FileRecord, ThingChange } from "../../../../src/core/drift/survey.ts"

const of = (kind: string, more: Partial<FileRecord> = {}): FileRecord => ({
  ...{ kind, mode: "0644", owner: "root", group: "root", size: "5", modified: 1, target: "" },
  ...more,
})

interface Seen {
  readonly files?: readonly FileChange[]
  readonly things?: readonly ThingChange[]
  readonly odd?: readonly string[]
  /** The package of every path. */
  readonly owner?: string
  readonly isShared?: boolean
}

const tell = ({ files = [], things = [], odd = [], owner }: Seen): readonly Told[] => {
  const survey = { takenMs: 0, files, things, odd }
  const { told } = judgeEach(survey, { resources: [], volumes: [], scratch: [] })
  return told.map((each) =>
    owner === undefined || each.file === undefined ? each : { ...each, finding: { ...each.finding, package: owner } },
  )
}

const said = (lines: readonly string[] = []): Answers => parseAnswers(["machine\town\tamd64", ...lines, ""].join("\n"))

/** What would be done, each in a line; what is left with its reason. */
const mend = (seen: Seen, lines?: readonly string[]): readonly string[] => {
  const all = mendsOf(ownOf(tell(seen)), { ...said(lines), isShared: seen.isShared ?? false })
  const mends = all.filter(isMend)
  return [
    ...stepsOf(mends).map(inWords),
    ...all.filter(isLeft).map(({ finding, why }) => `left ${finding.what}: ${why}`),
  ]
}

const inWords = (step: Step): string => {
  if (step.do === "run-command") return `${step.argv.join(" ")}${step.undo === undefined ? " (for good)" : ""}`
  const { do: verb, ...rest } = step
  return [
    verb,
    ...Object.values(rest).map((value) => (typeof value === "object" ? JSON.stringify(value) : value)),
  ].join(" ")
}

const sum = "a".repeat(64)
const kept = (path: string): string => `content\t${path}\t${sum}\t5\t0644\troot\troot`
const written = (path: string): string => `write-file ${path} {"sha256":"${sum}","size":5} 420 root root`
const changed = (path: string, before: Partial<FileRecord> = {}, after: Partial<FileRecord> = {}): FileChange => ({
  path,
  before: of("f", before),
  after: of("f", after),
})
const thing = (kind: ThingChange["kind"], name: string, before?: string, after?: string): ThingChange => ({
  ...{ kind, name },
  ...(before === undefined ? {} : { before }),
  ...(after === undefined ? {} : { after }),
})

describe("mendsOf", () => {
  it.each<readonly [string, Seen, readonly string[], readonly string[]]>([
    ["a new file goes", { files: [{ path: "/etc/x", after: of("f") }] }, [], ["remove-path /etc/x"]],
    [
      "a new directory goes after what is in it",
      {
        files: [
          { path: "/opt/a", after: of("d") },
          { path: "/opt/a/b", after: of("f", { mode: "0755" }) },
        ],
      },
      [],
      ["remove-path /opt/a/b", "remove-path /opt/a"],
    ],
    ["a mode", { files: [changed("/etc/x", {}, { mode: "0666" })] }, [], ["set-ownership /etc/x 420 root root"]],
    [
      "content",
      { files: [{ ...changed("/etc/x", {}, { mode: "0666" }), content: true }] },
      [kept("/etc/x")],
      [written("/etc/x")],
    ],
    [
      "content that nobody has",
      { files: [{ ...changed("/etc/x"), content: true }] },
      ["content\t/etc/x\t-\tno copy"],
      ["left /etc/x: no copy"],
    ],
    [
      "a directory with what was in it",
      {
        files: [
          { path: "/etc/a/x", before: of("f") },
          { path: "/etc/a", before: of("d", { mode: "0750" }) },
        ],
      },
      [kept("/etc/a/x")],
      ["make-directory /etc/a 488 root root", written("/etc/a/x")],
    ],
    [
      "a link",
      { files: [{ path: "/etc/alternatives/a", before: of("l", { target: "/b" }), after: of("l", { target: "/c" }) }] },
      [],
      ["make-link /etc/alternatives/a /b"],
    ],
    [
      "a link's owner, not its target's",
      { files: [{ path: "/etc/a", before: of("l"), after: of("l", { owner: "app" }) }] },
      [],
      ["chown -h -- root:root /etc/a"],
    ],
    [
      "capabilities",
      { files: [{ ...changed("/usr/bin/id", { mode: "0755" }, { mode: "0755" }), capable: true }] },
      [kept("/usr/bin/id")],
      [`write-file /usr/bin/id {"sha256":"${sum}","size":5} 493 root root`],
    ],
    [
      "capabilities that a package gives",
      { files: [{ ...changed("/usr/bin/ping", { mode: "0755" }, { mode: "0755" }), capable: true }], owner: "iputils" },
      ["capable\t/usr/bin/ping"],
      ["left /usr/bin/ping: its package gives it capabilities: apt-get install --reinstall iputils"],
    ],
    [
      "a socket that is gone",
      { files: [{ path: "/opt/s", before: of("s") }] },
      [],
      ["left /opt/s: what made it makes it again"],
    ],
    [
      "a file that is a directory now",
      { files: [{ path: "/opt/s", before: of("f"), after: of("d") }] },
      [],
      ["left /opt/s: there is a directory in its place"],
    ],
    [
      "a unit that runs is restarted once, with systemd told first",
      {
        files: [
          changed("/usr/lib/systemd/system/x.service", {}, { mode: "0666" }),
          { path: "/etc/systemd/system/x.service.d/a.conf", after: of("f") },
        ],
      },
      ["unit\tx.service\tLoadState=loaded Transient=no ActiveState=active "],
      [
        "set-ownership /usr/lib/systemd/system/x.service 420 root root",
        "remove-path /etc/systemd/system/x.service.d/a.conf",
        "reload-units",
        "restart-unit x.service",
      ],
    ],
    [
      "the service of a program that is put back",
      { files: [{ ...changed("/usr/sbin/x", { mode: "0755" }, { mode: "0755" }), content: true }] },
      [kept("/usr/sbin/x"), "process\t/usr/sbin/x\t12\t99\tx.service", "process\t/usr/sbin/x\t1\t1\t"],
      [`write-file /usr/sbin/x {"sha256":"${sum}","size":5} 493 root root`, "reload-units", "restart-unit x.service"],
    ],
    [
      "a unit that nobody asked for",
      { things: [thing("running unit", "x.service", undefined, "running")] },
      ["unit\tx.service\tLoadState=loaded Transient=no ActiveState=active "],
      ["stop-unit x.service"],
    ],
    [
      "one that goes with its file",
      {
        files: [{ path: "/etc/systemd/system/x.service", after: of("f") }],
        things: [thing("running unit", "x.service", undefined, "running")],
      },
      ["unit\tx.service\tLoadState=loaded Transient=no ActiveState=active "],
      ["stop-unit x.service", "remove-path /etc/systemd/system/x.service"],
    ],
    [
      "one that would be gone for good",
      { things: [thing("running unit", "x.service", undefined, "running")] },
      ["unit\tx.service\tLoadState=loaded Transient=yes ActiveState=active "],
      ["systemctl stop -- x.service (for good)"],
    ],
    [
      "a unit that was stopped",
      { things: [thing("running unit", "x.service", "running")] },
      [],
      ["reload-units", "start-unit x.service"],
    ],
    [
      "the process of a service that is meant to run",
      { things: [thing("process", "/usr/sbin/x (deleted)", undefined, "runs a file that is gone")] },
      ["process\t/usr/sbin/x (deleted)\t12\t99\tx.service"],
      ["reload-units", "restart-unit x.service"],
    ],
    [
      "the port of a unit that is stopped anyway",
      {
        things: [
          thing("running unit", "x.service", undefined, "running"),
          thing("port", "tcp 0.0.0.0:99", undefined, "x"),
        ],
      },
      ["unit\tx.service\tLoadState=loaded Transient=no ActiveState=active ", "port\ttcp 0.0.0.0:99\t12\t99\tx.service"],
      ["stop-unit x.service"],
    ],
    [
      "the first process of all",
      { things: [thing("process", "/lib/systemd/systemd (deleted)", undefined, "runs a file that is gone")] },
      ["process\t/lib/systemd/systemd (deleted)\t1\t1\t"],
      ["left /lib/systemd/systemd (deleted): it is the first of all: systemctl daemon-reexec"],
    ],
    [
      "what sessions hang on",
      { things: [thing("process", "/usr/bin/dbus-daemon (deleted)", undefined, "runs a file that is gone")] },
      ["process\t/usr/bin/dbus-daemon (deleted)\t12\t99\tdbus.service"],
      ["left /usr/bin/dbus-daemon (deleted): to restart dbus.service would end sessions: restart the machine"],
    ],
    [
      "a port that nobody can tell of",
      { things: [thing("port", "tcp 0.0.0.0:99", undefined, "x")] },
      [],
      ["left tcp 0.0.0.0:99: the process cannot be told any more"],
    ],
    [
      "accounts, all at once",
      { things: [thing("account", "eve", undefined, "0:0:/:/bin/sh"), thing("group", "sudo", "27:", "27:eve")] },
      [kept("/etc/passwd"), kept("/etc/shadow"), kept("/etc/group"), "content\t/etc/gshadow\tsame"],
      [written("/etc/passwd"), written("/etc/shadow"), written("/etc/group")],
    ],
    [
      "a password of which no copy was kept",
      { things: [thing("password", "root", "a", "b"), thing("group", "sudo", "27:", "27:eve")] },
      ["content\t/etc/shadow\t-\tno copy", kept("/etc/group")],
      [written("/etc/group"), "left root: /etc/shadow: no copy"],
    ],
    [
      "a mount in memory",
      { things: [thing("mount", "/mnt", undefined, "none tmpfs rw")] },
      [],
      ["umount -- /mnt (for good)"],
    ],
    [
      "a mount that is gone",
      { things: [thing("mount", "/data", "/dev/sdb ext4 rw nodev")] },
      [],
      ["mount -t ext4 -o rw,nodev -- /dev/sdb /data"],
    ],
    [
      "options of a mount",
      { things: [thing("mount", "/data", "/dev/sdb ext4 ro nosuid", "/dev/sdb ext4 rw")] },
      [],
      ["mount -o remount,ro,nosuid -- /data"],
    ],
    ["a module", { things: [thing("kernel module", "x", undefined, "")] }, [], ["modprobe -r -- x"]],
    [
      "a module of a kernel that is others' too",
      { things: [thing("kernel module", "x", undefined, "")], isShared: true },
      [],
      ["left x: the kernel is not this machine's own"],
    ],
    [
      "a setting that cannot be written",
      { things: [thing("kernel setting", "vm/x", "1", "2")] },
      [],
      ["left vm/x: it cannot be written from this machine"],
    ],
    [
      "a firewall's rule",
      { things: [thing("firewall rule", "accept", "")] },
      [],
      ["left accept: its rules cannot be loaded from what is known of them"],
    ],
    [
      "all of a firewall's rules at once",
      { things: [thing("firewall rule", "accept", ""), thing("firewall rule", "drop", undefined, "")] },
      [`rules\t${Buffer.from("old").toString("base64")}\t${Buffer.from("new").toString("base64")}`],
      ['sh -c printf %s "$1" | nft -f - load old'],
    ],
    [
      "a package, with what only it has",
      {
        things: [thing("package", "x:all", undefined, "1 installed")],
        files: [{ path: "/usr/bin/x", after: of("f", { mode: "0755" }) }],
        owner: "x",
      },
      ["going\tx", "had\tx"],
      ['remove-packages ["x"] []'],
    ],
    [
      "a package that others need",
      { things: [thing("package", "x:all", undefined, "1 installed")] },
      ["going\tx", "going\ty"],
      ["left x:all: with it would go y"],
    ],
    [
      "another version, held",
      { things: [thing("package", "x:amd64", "2 installed", "1 installed held")] },
      ["offer\tx:amd64"],
      ["apt-mark unhold x", 'install-packages [{"name":"x","version":"2"}]'],
    ],
    [
      "a version that is nowhere",
      { things: [thing("package", "x:i386", "2 installed")] },
      [],
      ["left x:i386: version 2 cannot be had any more"],
    ],
    [
      "what is only held keeps its own files in view",
      {
        things: [thing("package", "x:amd64", "2 installed", "2 installed held")],
        files: [changed("/usr/bin/x", { mode: "0755" }, { mode: "0777" })],
        owner: "x",
      },
      [],
      ["set-ownership /usr/bin/x 493 root root", "apt-mark unhold x"],
    ],
    ["an odd name", { odd: ["/opt/a\nb"] }, [], ["remove-path /opt/a\nb"]],
    ["an odd directory", { odd: ["/opt/a\nb"] }, ["odd\t0"], ["left /opt/a\nb: a directory: see what is in it"]],
  ])("%s", (_, seen, lines, steps) => {
    expect(mend(seen, lines)).toEqual(steps)
  })

  it("ends a process, but no other of the same number", () => {
    const seen = { things: [thing("process", "/tmp/w", undefined, "runs from where anybody may write")] }
    const [step] = mend(seen, ["process\t/tmp/w\t12\t99\t"])
    expect(step).toMatch(/^sh -c .* end 12 99 \(for good\)$/s)
  })

  it("does what is hidden by a rule no harm", () => {
    const [told] = tell({ files: [{ path: "/etc/x", after: of("f") }] })
    expect(ownOf([{ ...told, finding: { ...told?.finding, ignoredBy: 0 } } as Told])).toEqual([])
  })

  it("knows what would be for good: also a package whose present file is nowhere", () => {
    const told = tell({ things: [thing("package", "x:all", undefined, "1 installed")] })
    const forGood = (...lines: readonly string[]): readonly boolean[] =>
      mendsOf(told, said(["going\tx", ...lines])).map((each) => !isLeft(each) && isForGood(each))
    expect([forGood(), forGood("had\tx")]).toEqual([[true], [false]])
  })
})

describe("questionsAbout", () => {
  it.each<readonly [string, Seen, readonly string[]]>([
    ["a new file", { files: [{ path: "/etc/x", after: of("f") }] }, []],
    ["a mode", { files: [changed("/etc/x", {}, { mode: "0666" })] }, ["capable /etc/x "]],
    [
      "a program",
      { files: [{ path: "/opt/x", before: of("f", { mode: "0755" }) }] },
      ["content /opt/x ", "process /opt/x ", "capable /opt/x "],
    ],
    [
      "content",
      { files: [{ ...changed("/etc/x"), content: true }], owner: "x" },
      ["content /etc/x x", "capable /etc/x x"],
    ],
    [
      "what leads astray comes first",
      {
        files: [
          { path: "/etc/apt/x", before: of("f") },
          { path: "/etc/hosts", before: of("f") },
        ],
      },
      [
        "as_before /etc/hosts",
        "sources_as_before",
        "content /etc/apt/x ",
        "capable /etc/apt/x ",
        "content /etc/hosts ",
        "capable /etc/hosts ",
      ],
    ],
    ["a drop-in", { files: [{ path: "/etc/systemd/system/x.service.d/y.conf", after: of("f") }] }, ["unit x.service"]],
    [
      "accounts",
      { things: [thing("account", "eve", undefined, "x"), thing("password", "root", "a", "b")] },
      ["accounts passwd eve", "accounts shadow eve root", "accounts subuid eve", "accounts subgid eve"],
    ],
    [
      "packages",
      {
        things: [
          thing("package", "x:all", "2 installed", "1 installed"),
          thing("package", "y:amd64", undefined, "1 installed"),
        ],
      },
      ["offer x 2", "had x", "had y:amd64", "going y:amd64"],
    ],
    ["a firewall", { things: [thing("firewall rule", "a", ""), thing("firewall rule", "b", "")] }, ["ruleset"]],
    [
      "processes",
      {
        things: [
          thing("process", "/bin/x", undefined, "is given the library y"),
          thing("port", "udp [::]:53", undefined, "x"),
        ],
      },
      ["port udp [::]:53", "process /bin/x preloaded"],
    ],
  ])("about %s", (_, seen, questions) => {
    expect(questionsAbout(ownOf(tell(seen))).map((words) => words.join(" "))).toEqual(questions)
  })
})
