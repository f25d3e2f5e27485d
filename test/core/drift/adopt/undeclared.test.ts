import { describe, expect, it } from "vitest"
import { adopt } from "../../../../src/core/drift/adopt/adopt.ts"
import type { Seen } from "../../../../src/core/drift/adopt/adoption.ts"
import type { Finding } from "../../../../src/core/drift/judge.ts"
import { at, eve, found, path, seen, told } from "./fixture.ts"

const no = "a description says what is there, not what is not"

describe("what nobody asked for", () => {
  it.each<readonly [string, readonly Finding[], Partial<Seen>, readonly string[]]>([
    [
      "a file",
      [found("cron job", "/etc/cron.d/x")],
      at("/etc/cron.d/x", path({ mode: 0o600 }, "* * *")),
      ['+ file /etc/cron.d/x {"mode":384} * * *'],
    ],
    [
      "a link",
      [found("alternative", "/etc/alternatives/x")],
      at("/etc/alternatives/x", path({ kind: "link", target: "/bin/y" })),
      ['+ link /etc/alternatives/x {"target":"/bin/y"}'],
    ],
    [
      "a directory with all below it, but not twice what is told by itself",
      [found("directory", "/opt/x"), found("setuid program", "/opt/x/su")],
      {
        paths: new Map([
          ["/opt/x", path({ kind: "directory", mode: 0o700, owner: "eve", group: "eve" })],
          ["/opt/x/a", path({}, "a")],
          ["/opt/x/su", path({ mode: 0o4755 }, "su")],
        ]),
      },
      [
        '+ directory /opt/x {"mode":448,"owner":"eve"}',
        "+ file /opt/x/a a",
        "! setuid program /opt/x/su: a program that runs with another's rights is for a person to decide about",
      ],
    ],
    [
      "a path that leads elsewhere, which no honest machine has, told by itself or in a directory",
      [found("file", "/etc/../../x"), found("directory", "/opt/x")],
      {
        paths: new Map([
          ["/etc/../../x", path({}, "a")],
          ["/opt/x", path({ kind: "directory", mode: 0o755 })],
          ["/opt/x/../../../y", path({}, "a")],
        ]),
      },
      [
        "+ directory /opt/x",
        "! file /etc/../../x: its path is not what it seems to be",
        "! file /opt/x/../../../y: its path is not what it seems to be",
      ],
    ],
    [
      "a setgid file among others",
      [found("directory", "/opt/x")],
      {
        paths: new Map([
          ["/opt/x", path({ kind: "directory", mode: 0o755 })],
          ["/opt/x/a", path({ mode: 0o2755 }, "a")],
        ]),
      },
      [
        "+ directory /opt/x",
        "! file /opt/x/a: a program that runs with another's rights is for a person to decide about",
      ],
    ],
    [
      "a directory of a whole application",
      [found("directory", "/opt/x")],
      { large: new Set(["/opt/x"]) },
      ["! directory /opt/x: it has more below it than a project should keep"],
    ],
    [
      "a file with a secret of the project",
      [found("file", "/opt/x")],
      at("/opt/x", { ...path({}, "open sesame"), secret: true }),
      ["! file /opt/x: it looks as if it held a secret, which belongs into no project: secret(…)"],
    ],
    ["what is gone", [found("file", "/etc/x", { change: "removed" })], {}, [`! file /etc/x: ${no}`]],
    [
      "what a package brought",
      [found("program", "/usr/bin/x", { change: "changed", package: "x" })],
      at("/usr/bin/x", path({}, "x")),
      ["! program /usr/bin/x: it is a part of the package x, which brings its own again with its next version"],
    ],
    [
      "a package's setting",
      [found("SSH setting", "/etc/ssh/sshd_config", { change: "changed", package: "openssh-server" })],
      at("/etc/ssh/sshd_config", path({}, "Port 22")),
      ["+ file /etc/ssh/sshd_config Port 22"],
    ],
    [
      "a large file",
      [found("file", "/opt/x")],
      at("/opt/x", path({ size: 999_999 })),
      ["! file /opt/x: it is larger than a project should keep (999999 bytes)"],
    ],
    [
      "a file named like a secret",
      [found("file", "/opt/x/.env")],
      at("/opt/x/.env", path()),
      ["! file /opt/x/.env: it is named like a secret, which belongs into no project: secret(…)"],
    ],
    [
      "a file with a password",
      [found("file", "/opt/x.conf")],
      at("/opt/x.conf", path({}, "db_password = hunter22\n")),
      ["! file /opt/x.conf: it looks as if it held a secret, which belongs into no project: secret(…)"],
    ],
    [
      "a file of an owner without a name",
      [found("file", "/opt/x")],
      at("/opt/x", path({ owner: "1234" }, "x")),
      ["! file /opt/x: its owner has no name"],
    ],
    [
      "a file with capabilities",
      [found("program", "/opt/x", { details: ["has capabilities"] })],
      at("/opt/x", path({}, "x")),
      ["! program /opt/x: capabilities are for a person to decide about"],
    ],
    [
      "a system's account, its group and its password",
      [found("account", "eve"), found("group", "eve"), found("password", "eve")],
      { users: new Map([["eve", eve]]) },
      ['+ user eve {"system":true,"home":"/srv/eve"}'],
    ],
    [
      "a person's account",
      [found("account", "eve")],
      { users: new Map([["eve", { ...eve, uid: 1001, home: "/home/eve", shell: "/bin/bash", groups: ["a"] }]]) },
      ['+ user eve {"groups":["a"],"createHome":false}'],
    ],
    [
      "another root",
      [found("account", "toor")],
      { users: new Map([["toor", { ...eve, uid: 0 }]]) },
      ["! account toor: an account with all rights is for a person to decide about"],
    ],
    ["a group", [found("group", "www")], { groups: new Map([["www", { name: "www", gid: 1005 }]]) }, ["+ group www"]],
    [
      "who is in a group",
      [found("group", "sudo", { change: "changed" })],
      { groups: new Map([["sudo", { name: "sudo", gid: 27 }]]) },
      ["! group sudo: who is in a group is said of each user: user(…, { groups: […] })"],
    ],
    [
      "a password",
      [found("password", "root", { change: "changed" })],
      {},
      ["! password root: users have no passwords here"],
    ],
    [
      "a package",
      [found("package", "jq:amd64", { details: ["1.6 installed"] })],
      { packages: new Map([["jq", { version: "1.6", held: false }]]) },
      ["+ pkg jq"],
    ],
    [
      "a package in another version",
      [found("package", "jq:amd64", { change: "changed", details: ["1.5 installed → 1.6 installed"] })],
      { packages: new Map([["jq", { version: "1.6", held: false }]]) },
      ['+ pkg jq {"version":"1.6"}'],
    ],
    [
      "a package that is held",
      [found("package", "jq:amd64", { details: ["1.6 installed held"] })],
      { packages: new Map([["jq", { version: "1.6", held: true }]]) },
      ["! package jq: that it is held cannot be described"],
    ],
    ["a package that is gone", [found("package", "jq:amd64", { change: "removed" })], {}, [`! package jq: ${no}`]],
    [
      "a unit that runs and starts at boot",
      [found("running unit", "x.service"), found("unit", "/etc/systemd/system/multi-user.target.wants/x.service")],
      { units: new Map([["x.service", { enabled: true, active: true, fragment: "/etc/systemd/system/x.service" }]]) },
      ["+ service x.service"],
    ],
    [
      "a unit that runs no more",
      [found("running unit", "x.service", { change: "removed" })],
      { units: new Map([["x.service", { enabled: true, active: false, fragment: "/lib/systemd/system/x.service" }]]) },
      ['+ service x.service {"running":false}'],
    ],
    [
      "a unit that starts at boot no more",
      [
        found("unit", "/etc/systemd/system/multi-user.target.wants/x.service", { change: "removed" }),
        found("unit", "/etc/rc2.d/S01x", { change: "removed" }),
        found("unit", "/etc/rc2.d/K01x"),
      ],
      { units: new Map([["x.service", { enabled: false, active: true, fragment: "/lib/systemd/system/x.service" }]]) },
      ['+ service x.service {"enabled":false}'],
    ],
    [
      "a unit that somebody just started",
      [found("running unit", "run-1.service")],
      {
        units: new Map([
          ["run-1.service", { enabled: false, active: true, fragment: "/run/systemd/transient/run-1.service" }],
        ]),
      },
      ["! running unit run-1.service: it was started by hand and is described nowhere"],
    ],
    [
      "a port",
      [found("port", "tcp 0.0.0.0:4444")],
      {},
      ["! port tcp 0.0.0.0:4444: a port is opened by a program: describe that, and what starts it"],
    ],
    [
      "a setting that the kernel has",
      [found("kernel setting", "net/ipv4/ip_forward", { change: "changed" })],
      {},
      ["! kernel setting net/ipv4/ip_forward: settings are described by a file below /etc/sysctl.d"],
    ],
    [
      "a file of such settings",
      [found("kernel setting", "/etc/sysctl.d/x.conf")],
      at("/etc/sysctl.d/x.conf", path({}, "a=1")),
      ["+ file /etc/sysctl.d/x.conf a=1"],
    ],
  ])("comes to a description, or to a reason: %s", (_, undeclared, given, expected) => {
    expect(told(adopt({ declared: [], undeclared }, seen(given)))).toEqual(expected)
  })
})
