import { describe, expect, it } from "vitest"
import type { Step } from "../../src/contract/index.ts"
import type { Outlook } from "../../src/core/foresee/outlook.ts"
import { checkOwners } from "../../src/core/foresee/owners.ts"
import { addUser, file, found, install, root, unknown } from "./foresee-fixture.ts"

describe("owners", () => {
  const app = { owner: "app", group: "app" }
  const putFirst = (call: string) => `put ${call} before what needs it`

  const rows: readonly (readonly [string, readonly Step[], readonly string[], Partial<Outlook>?])[] = [
    ["root is everywhere", [file("/f")], []],
    [
      "nobody brings them",
      [file("/f", app)],
      [
        unknown("/f", 'user "app"', `${putFirst('user("app")')}, or name another`),
        unknown("/f", 'group "app"', `${putFirst('group("app")')}, or name another`),
      ],
    ],
    ["an earlier step brings both", [addUser("app"), file("/f", app)], []],
    [
      "an earlier step brings the user with another group",
      [addUser("app", { group: "root" }), file("/f", app)],
      [unknown("/f", 'group "app"', `${putFirst('group("app")')}, or name another`)],
    ],
    [
      "an earlier step brings the group",
      [{ do: "add-group", name: "app", system: true }, file("/f", { group: "app" })],
      [],
    ],
    [
      "they come too late",
      [file("/f", app), addUser("app")],
      [
        unknown("/f", 'user "app"', putFirst('user("app")')),
        unknown("/f", 'group "app"', `${putFirst('group("app")')}, or name another`),
      ],
    ],
    [
      "an earlier step takes them away",
      [{ do: "remove-user", name: "app" }, file("/f", { owner: "app" })],
      [unknown("/f", 'user "app"', 'keep user("app") in the spec, or name another', "which this plan removes")],
      { users: new Set(["root", "app"]) },
    ],
    [
      "a slip of the finger",
      [file("/f", { owner: "ngnix" })],
      [unknown("/f", 'user "ngnix"', 'did you mean "nginx"?')],
      { users: new Set(["root", "nginx"]) },
    ],
    [
      "a package may bring them",
      [install, file("/f", { owner: "www" })],
      ["/f needs the user www, which is not there yet: a package (nginx) before it has to bring it"],
    ],
    [
      "a package that comes later brings nothing yet",
      [file("/f", { owner: "www" }), install],
      [unknown("/f", 'user "www"', `${putFirst('user("www")')}, or name another`)],
    ],
    [
      "a command may bring them",
      [{ do: "run-command", argv: ["adduser", "www"] }, file("/f", { owner: "www" })],
      ["/f needs the user www, which is not there yet: a command (adduser www) before it has to bring it"],
    ],
    [
      "a command runs as nobody",
      [{ do: "run-command", argv: ["x"], user: "ghost" }],
      [unknown("x", 'user "ghost"', `${putFirst('user("ghost")')}, or name another`)],
    ],
    [
      "a user in a group that is not there",
      [addUser("app", { groups: ["ops"] })],
      [unknown("the user app", 'group "ops"', `${putFirst('group("ops")')}, or name another`)],
    ],
    [
      "a directory and a change of owner, each said once",
      [
        { do: "make-directory", path: "/d", ...root, owner: "app" },
        { do: "set-ownership", path: "/e", ...root, owner: "app" },
      ],
      [unknown("/d", 'user "app"', `${putFirst('user("app")')}, or name another`)],
    ],
  ]

  it.each(rows.map(([name, ...rest]) => ({ name, rest })))("$name", ({ rest: [steps, expected, given = {}] }) => {
    expect(found(checkOwners, steps, given)).toEqual(expected)
  })

  const unit = (text: string, ...more: readonly Step[]): readonly string[] =>
    found(checkOwners, [file("/etc/systemd/system/a.service"), ...more], { text: () => text })
  const start: Step = { do: "start-unit", unit: "a.service" }

  it.each<readonly [string, string, readonly Step[], number]>([
    ["runs as nobody", "[Service]\nUser=ghost\nGroup=ghosts\n", [start], 2],
    ["runs as root", "[Service]\nUser=root\n", [start], 0],
    ["makes its own", "[Service]\nDynamicUser=yes\nUser=ghost\n", [start], 0],
    ["is filled in by systemd", "[Service]\nUser=%i\n", [start], 0],
    ["is not started", "[Service]\nUser=ghost\n", [], 0],
  ])("a unit that %s", (_, text, steps, errors) => {
    expect(unit(text, ...steps)).toHaveLength(errors)
  })
})
