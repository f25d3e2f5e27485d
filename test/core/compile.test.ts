import { describe, expect, it } from "vitest"
import type { Step } from "../../src/contract/index.ts"
import { compileSteps, isReversible, stepCall } from "../../src/core/transaction/compile.ts"
import { describeStep } from "../../src/core/transaction/transaction.ts"

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
    call: ["write_file", "/etc/motd", content.sha256, "00644", "root", "adm"],
    says: "write file /etc/motd",
  },
  {
    step: { do: "make-directory", path: "/srv", ...ownership, mode: 0o2755 },
    call: ["make_directory", "/srv", "02755", "root", "adm"],
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
    expect(stepCall(step)).toEqual(call)
    expect(describeStep(step)).toBe(says)
    expect(isReversible(step)).toBe(irreversible !== true)
  })

  it("has a row for every kind", () => {
    const kinds: { readonly [K in Step["do"]]: true } = {
      "write-file": true,
      "make-directory": true,
      "make-link": true,
      "set-ownership": true,
      "remove-path": true,
      "install-packages": true,
      "remove-packages": true,
      "add-group": true,
      "change-group": true,
      "remove-group": true,
      "add-user": true,
      "change-user": true,
      "remove-user": true,
      "reload-units": true,
      "enable-unit": true,
      "disable-unit": true,
      "start-unit": true,
      "stop-unit": true,
      "restart-unit": true,
      "reload-unit": true,
      "run-command": true,
    }
    expect(new Set(rows.map(({ step }) => step.do))).toEqual(new Set(Object.keys(kinds)))
  })
})

describe("a plan's lines of shell", () => {
  it("number the steps and quote every word", () => {
    expect(
      compileSteps([
        { do: "remove-path", path: "/it's; rm -rf $HOME" },
        { do: "make-link", path: "/a\nb", target: "" },
        { do: "reload-units" },
      ]),
    ).toEqual(["s 1 remove_path '/it'\\''s; rm -rf $HOME'", "s 2 make_link '/a\nb' ''", "s 3 reload_units"])
  })
})
