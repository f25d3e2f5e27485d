import { describe, expect, it } from "vitest"
import { adopt } from "../../../../src/core/drift/adopt/adopt.ts"
import type { Seen } from "../../../../src/core/drift/adopt/adoption.ts"
import type { ResourceDifference } from "../../../../src/core/plan/types.ts"
import { at, differs, path, seen, told } from "./fixture.ts"

const motd = path({ mode: 0o600, owner: "app", group: "www" }, "now")

describe("what is described and is otherwise", () => {
  it.each<readonly [string, ResourceDifference, Partial<Seen>, string]>([
    ["a content", differs("file:/etc/motd", ["content", "now"]), at("/etc/motd", motd), "~ file /etc/motd now"],
    ["a mode", differs("file:/etc/motd", ["mode", "0600"]), at("/etc/motd", motd), '~ file /etc/motd {"mode":384}'],
    [
      "an owner, who brings a group",
      differs("file:/etc/motd", ["owner", "app"]),
      at("/etc/motd", motd),
      '~ file /etc/motd {"owner":"app","group":"www"}',
    ],
    [
      "a directory's group",
      differs("directory:/srv", ["group", "www"]),
      at("/srv", motd),
      '~ directory /srv {"group":"www","owner":"app"}',
    ],
    ["a file that is gone", differs("file:/etc/motd", ["content", null]), {}, "- file:/etc/motd"],
    ["a directory that is gone", differs("directory:/srv", ["directory", null]), {}, "- directory:/srv"],
    ["a link's target", differs("link:/a", ["target", "b"]), {}, '~ link /a {"target":"b"}'],
    [
      "a link that is a file now",
      differs("link:/a", ["target", "file"]),
      {},
      "! link:/a: its target cannot be described",
    ],
    [
      "a file that is a directory now",
      differs("file:/a", ["kind", "directory"]),
      {},
      "! file:/a: its kind cannot be described",
    ],
    [
      "a service",
      differs("service:cron.service", ["enabled", "false"], ["running", "false"]),
      {},
      '~ service cron.service {"enabled":false,"running":false}',
    ],
    ["a service that has yet to react", differs("service:cron.service", ["restart", null]), {}, ""],
    [
      "an account",
      differs("user:app", ["shell", "/bin/sh"], ["uid", "7"], ["groups", "a,b"]),
      {},
      '~ user app {"shell":"/bin/sh","uid":7,"groups":["a","b"]}',
    ],
    ["an account that is gone", differs("user:app", ["user", null]), {}, "- user:app"],
    ["a group's number", differs("group:www", ["gid", "7"]), {}, '~ group www {"gid":7}'],
    ["a package's version", differs("package:jq", ["version", "2"]), {}, '~ pkg jq {"version":"2"}'],
    ["a package that is gone", differs("package:jq", ["version", null]), {}, "- package:jq"],
    [
      "a command",
      differs("command:x", ["check", "1"]),
      {},
      "! command:x: a command says what is to be done, not what is",
    ],
    [
      "a secret's file",
      differs("file:/a", ["content", "not shown"]),
      at("/a", path({}, "x")),
      "! file:/a: it holds a secret",
    ],
    [
      "a file that holds a key now",
      differs("file:/a", ["content", "x"]),
      at("/a", path({}, "-----BEGIN RSA PRIVATE KEY-----")),
      "! file:/a: it looks as if it held a secret now",
    ],
    [
      "a file that was not read",
      differs("file:/a", ["content", "x"]),
      at("/a", path()),
      "! file:/a: it is too large, or is named like a secret",
    ],
    [
      "an owner without a name",
      differs("file:/a", ["owner", "1234"]),
      at("/a", path()),
      "! file:/a: its owner cannot be described",
    ],
  ])("comes to a change of the description: %s", (_, difference, given, expected) => {
    expect(told(adopt({ declared: [difference], undeclared: [] }, seen(given)))).toEqual(
      expected === "" ? [] : [expected],
    )
  })
})
