import { describe, expect, it } from "vitest"
import type { Step } from "../../src/contract/index.ts"
import { compileSteps, isReversible, stepCall } from "../../src/core/transaction/compile.ts"
import { describeStep } from "../../src/core/transaction/failure.ts"
import { groupSteps } from "../../src/core/transaction/groups.ts"
import { stepKinds } from "../support/step-kinds.ts"

const ownership = { mode: 0o644, owner: "root", group: "adm" }
const content = { sha256: "ab".repeat(32), size: 3 }
const account = { name: "app", system: true }
const full = {
  name: "app",
  system: false,
  uid: 1200,
  group: "www",
  groups: ["adm", "video"],
  comment: "The app",
  home: "/srv/app",
  createHome: true,
  shell: "/bin/sh",
}
const fullWords = [
  "--uid",
  "1200",
  "--gid",
  "www",
  "--groups",
  "adm,video",
  "--comment",
  "The app",
  "--home",
  "/srv/app",
  "--shell",
  "/bin/sh",
]

interface Row {
  readonly step: Step
  /** What the library is called with. */
  readonly call: readonly string[]
  /** What a person reads. */
  readonly says: string
  readonly irreversible?: true
}

const rows: readonly Row[] = [
  {
    step: { do: "write-file", path: "/etc/motd", content, ...ownership },
    call: ["write_file", "/etc/motd", "7", "-", "00644", "root", "adm"],
    says: "write file /etc/motd",
  },
  {
    step: { do: "make-directory", path: "/srv", ...ownership, mode: 0o2755 },
    call: ["make_directory", "/srv", "02755", "root", "adm"],
    says: "make directory /srv",
  },
  {
    step: { do: "make-directory", path: "/srv", ...ownership, ifMissing: true },
    call: ["make_directory", "/srv", "00644", "root", "adm", "if-missing"],
    says: "make directory /srv",
  },
  {
    step: { do: "set-ownership", path: "/srv", ...ownership, mode: 0o7 },
    call: ["set_ownership", "/srv", "00007", "root", "adm"],
    says: "set ownership /srv",
  },
  { step: { do: "make-link", path: "/a", target: "../b" }, call: ["make_link", "/a", "../b"], says: "make link /a" },
  { step: { do: "remove-path", path: "/a b" }, call: ["remove_path", "/a b"], says: "remove path /a b" },
  {
    step: { do: "install-packages", packages: [{ name: "nginx" }, { name: "curl", version: "7.88.1-10" }] },
    call: ["install_packages", "nginx", "curl=7.88.1-10"],
    says: "install packages nginx curl",
  },
  {
    step: { do: "remove-packages", packages: ["nginx"], alongside: ["libx", "liby"] },
    call: ["remove_packages", "nginx", "--", "libx", "liby"],
    says: "remove packages nginx",
  },
  {
    step: { do: "remove-packages", packages: ["nginx"], alongside: [] },
    call: ["remove_packages", "nginx", "--"],
    says: "remove packages nginx",
  },
  { step: { do: "add-group", ...account }, call: ["account", "groupadd", "--system", "app"], says: "add group app" },
  {
    step: { do: "add-group", name: "app", system: false, gid: 1200 },
    call: ["account", "groupadd", "--gid", "1200", "app"],
    says: "add group app",
  },
  {
    step: { do: "change-group", name: "app", gid: 7 },
    call: ["account", "groupmod", "--gid", "7", "app"],
    says: "change group app",
  },
  { step: { do: "remove-group", name: "app" }, call: ["account", "groupdel", "app"], says: "remove group app" },
  {
    step: { do: "add-user", ...account },
    call: ["account", "useradd", "--system", "--no-create-home", "app"],
    says: "add user app",
  },
  {
    step: { do: "add-user", ...full },
    call: ["account", "useradd", ...fullWords, "--create-home", "app"],
    says: "add user app",
  },
  { step: { do: "change-user", ...full }, call: ["account", "usermod", ...fullWords, "app"], says: "change user app" },
  {
    step: { do: "change-user", ...account, groups: [] },
    call: ["account", "usermod", "--groups", "", "app"],
    says: "change user app",
  },
  { step: { do: "remove-user", name: "app" }, call: ["account", "userdel", "app"], says: "remove user app" },
  { step: { do: "reload-units" }, call: ["reload_units"], says: "reload units" },
  ...(["enable", "disable", "start", "stop", "restart", "reload"] as const).map(
    (verb): Row => ({
      step: { do: `${verb}-unit`, unit: "a.service" },
      call: ["unit", verb, "a.service"],
      says: `${verb} a.service`,
    }),
  ),
  {
    step: { do: "run-command", argv: ["make", "all now"] },
    call: ["run_command", "0", "env", "make", "all now"],
    says: "run make all now",
    irreversible: true,
  },
  {
    step: { do: "run-command", argv: ["up"], undo: ["down", "-f"] },
    call: ["run_command", "3", "env", "down", "-f", "env", "up"],
    says: "run up",
  },
  {
    step: {
      do: "upgrade-packages",
      packages: [
        { name: "openssl", version: "2" },
        { name: "libc6:i386", version: "1:3" },
      ],
    },
    call: ["upgrade_packages", "openssl=2", "libc6:i386=1:3"],
    says: "upgrade packages openssl libc6:i386",
  },
  {
    step: {
      do: "run-command",
      argv: ["up"],
      undo: ["down"],
      user: "app",
      directory: "/srv/a b",
      environment: { A: "1", B: "x y" },
    },
    call: [
      "run_command",
      "10",
      ...["runuser", "-u", "app", "--", "env", "-C", "/srv/a b", "A=1", "B=x y", "down"],
      ...["runuser", "-u", "app", "--", "env", "-C", "/srv/a b", "A=1", "B=x y", "up"],
    ],
    says: "run up",
  },
]

describe("a step", () => {
  it.each(rows)("is called as $call", ({ step, call, says, irreversible }) => {
    expect(stepCall(step, { directory: 7, byDigest: false })).toEqual(call)
    expect(describeStep(step)).toBe(says)
    expect(isReversible(step)).toBe(irreversible !== true)
  })

  it("has a row for every kind", () => {
    expect(new Set(rows.map(({ step }) => step.do))).toEqual(stepKinds)
  })
})

describe("a plan's lines of shell", () => {
  const compile = (steps: readonly Step[]) => compileSteps(steps, () => false)

  it("name the steps of each group, then work on it, and quote every word", () => {
    const { steps, undo } = compile([
      { do: "remove-path", path: "/it's; rm -rf $HOME" },
      { do: "make-link", path: "/srv/a\nb", target: "" },
      { do: "reload-units" },
      { do: "start-unit", unit: "a.service" },
    ])
    const [first, second] = ["s 1 remove_path '/it'\\''s; rm -rf $HOME'", "s 2 make_link '/srv/a\nb' ''"]
    const directories = ["directories() {", "d 1 /", "d 2 /srv", "}"]
    const none = ["directories() {", ":", "}"]
    const reload = [...none, "steps() {", "s 3 reload_units", "}", "group single 3 3"]
    const start = [...none, "steps() {", "s 4 unit start a.service", "}", "group units 4 4 a.service"]
    const work = ["}", "group paths 1 2"]
    expect(steps).toEqual([...directories, "steps() {", first, second, ...work, ...reload, ...start])
    expect(undo).toEqual([...start, ...reload, ...directories, "steps() {", second, first, ...work])
  })

  it("say where a file's content lies: by directory and name, or by digest", () => {
    const step = (path: string): Step => ({ do: "write-file", path, content, ...ownership })
    const { steps, files } = compileSteps([step("/a/x"), step("/b/y"), step("/a/z")], ({ path }) => path === "/b/y")
    expect(files).toEqual([
      { directory: 1, byDigest: false, path: "/a/x", sha256: content.sha256 },
      { directory: 2, byDigest: true, path: "/b/y", sha256: content.sha256 },
      { directory: 1, byDigest: false, path: "/a/z", sha256: content.sha256 },
    ])
    expect(steps.filter((line) => line.startsWith("s "))).toEqual([
      "s 1 write_file /a/x 1 - 00644 root adm",
      `s 2 write_file /b/y 2 ${content.sha256} 00644 root adm`,
      "s 3 write_file /a/z 1 - 00644 root adm",
    ])
  })
})

describe("groups", () => {
  const file = (path: string): Step => ({ do: "write-file", path, content, ...ownership })
  const directory = (path: string): Step => ({ do: "make-directory", path, ...ownership })
  const link = (path: string): Step => ({ do: "make-link", path, target: "/t" })
  const remove = (path: string): Step => ({ do: "remove-path", path })
  const own = (path: string): Step => ({ do: "set-ownership", path, ...ownership })
  const run: Step = { do: "run-command", argv: ["x"] }

  it.each<readonly [string, readonly Step[], readonly number[]]>([
    ["take paths of all kinds", [directory("/d"), file("/d/a"), link("/l"), file("/e/b"), remove("/r")], [5]],
    ["hold a path once", [file("/a"), file("/a"), remove("/b"), link("/b")], [1, 2, 1]],
    ["do not reach through a link of their own", [link("/l"), file("/l/a")], [1, 1]],
    ["nor behind a path that becomes a link", [remove("/l/a"), link("/l")], [1, 1]],
    ["keep what is removed before what is made in its place", [remove("/d"), directory("/d/a")], [1, 1]],
    ["take names that only begin alike", [remove("/d"), file("/data"), link("/da")], [3]],
    ["empty a directory before they remove it", [remove("/d/a"), remove("/d/b"), remove("/d")], [3]],
    ["give away a directory once it is full", [file("/d/a"), file("/d/b"), own("/d")], [3]],
    ["but make nothing in what they gave away", [own("/d"), file("/d/a")], [1, 1]],
    ["leave a command by itself", [run, run, file("/a")], [1, 1, 1]],
    ["take accounts", [{ do: "add-group", ...account }, { do: "add-user", ...account }, file("/a")], [2, 1]],
    ["take units", [{ do: "enable-unit", unit: "a" }, { do: "start-unit", unit: "a" }, { do: "reload-units" }], [2, 1]],
    ["end somewhere", Array.from({ length: 600 }, (_, index) => file(`/${index}`)), [250, 250, 100]],
  ])("%s", (_, steps, sizes) => {
    const groups = groupSteps(steps)
    expect(groups.map((group) => group.steps.length)).toEqual(sizes)
    expect(groups.flatMap((group) => group.steps)).toEqual(steps)
    expect(groups.map(({ first }) => steps[first - 1])).toEqual(groups.map((group) => group.steps[0]))
  })
})
