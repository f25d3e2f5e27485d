import { chmod, rm, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Resource } from "../../src/contract/index.ts"
import { command, directory, file, link, pkg, service, user } from "../../src/resources/index.ts"
import { applyOn, me, planOn } from "../support/apply.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"
import { claim } from "../support/state.ts"

let shell: ShellMachine
const at = (name: string): string => join(shell.root, name)

beforeEach(async () => {
  shell = await openShellMachine("web-1")
})
afterEach(() => shell.dispose())

/** `property:cause` of each change. */
const causes = async (wanted: readonly Resource[]): Promise<readonly string[]> =>
  (await planOn(shell.machine, wanted)).differences.flatMap(({ changes }) =>
    changes.map(({ property, cause }) => `${property}:${cause}`),
  )

describe("why a property changes, by what was applied last", () => {
  const text = (content: string, mode = 0o644): Resource => file(at("f"), { content, mode, ...me })
  const byHand = (content: string) => writeFile(at("f"), content)

  it.each<readonly [string, () => Resource, () => Promise<unknown>, () => Resource, readonly string[]]>([
    ["nothing", () => text("1"), async () => undefined, () => text("1"), []],
    ["its content was meant to", () => text("1"), async () => undefined, () => text("2"), ["content:intent"]],
    ["its content drifted", () => text("1"), () => byHand("x"), () => text("1"), ["content:drift"]],
    [
      "its content drifted, and another is meant",
      () => text("1"),
      () => byHand("x"),
      () => text("2"),
      ["content:drift"],
    ],
    [
      "its mode drifted, and another content is meant",
      () => text("1"),
      () => chmod(at("f"), 0o600),
      () => text("2"),
      ["content:intent", "mode:drift"],
    ],
    [
      "its content drifted, and another mode is meant",
      () => text("1"),
      () => byHand("x"),
      () => text("1", 0o600),
      ["content:drift", "mode:intent"],
    ],
    ["it was changed to what is wanted now", () => text("1"), () => byHand("2"), () => text("2"), []],
    ["it is gone", () => text("1"), () => rm(at("f")), () => text("1"), ["content:drift"]],
    [
      "a link took its place",
      () => text("1"),
      async () => {
        await rm(at("f"))
        await symlink("x", at("f"))
      },
      () => text("1"),
      ["kind:drift"],
    ],
    [
      "a link points elsewhere",
      () => link(at("l"), { target: "a" }),
      async () => {
        await rm(at("l"))
        await symlink("x", at("l"))
      },
      () => link(at("l"), { target: "b" }),
      ["target:drift"],
    ],
    [
      "a directory's mode drifted",
      () => directory(at("d"), me),
      () => chmod(at("d"), 0o700),
      () => directory(at("d"), me),
      ["mode:drift"],
    ],
    [
      "what a check had found came undone",
      () => command("c", { check: ["test", "-e", at("made")], run: ["touch", at("made")] }),
      () => rm(at("made")),
      () => command("c", { check: ["test", "-e", at("made")], run: ["touch", at("made")] }),
      ["run:drift"],
    ],
    [
      "another check asks something else",
      () => command("c", { check: ["test", "-e", at("made")], run: ["touch", at("made")] }),
      async () => undefined,
      () => command("c", { check: ["test", "-e", at("other")], run: ["touch", at("other")] }),
      ["run:intent"],
    ],
  ])("%s", async (_, first, meanwhile, second, expected) => {
    await applyOn(shell.machine, [first()])
    await meanwhile()
    expect(await causes([second()])).toEqual(expected)
  })

  it.each<readonly [string, readonly Resource[], readonly Resource[], readonly string[]]>([
    ["a package that was removed", [pkg("nginx")], [pkg("nginx")], ["version:drift"]],
    ["a package that was never asked for", [], [pkg("nginx")], ["version:intent"]],
    [
      "an account of which one property was never described",
      [user("app", { home: "/srv" })],
      [user("app", { home: "/srv", comment: "The app" })],
      ["comment:intent", "home:drift"],
    ],
    ["a unit that was stopped", [service("app")], [service("app")], ["running:drift"]],
    [
      "a unit that is meant to start at boot from now on",
      [service("app", { running: false, enabled: true })],
      [service("app", { running: false, enabled: false })],
      ["enabled:intent"],
    ],
  ])("%s", async (_, first, second, expected) => {
    await shell.program("dpkg-query", "exit 1")
    await shell.program("getent", '[ "$1" = group ] || echo app:x:1:1::/home/app:/bin/bash')
    await shell.program("systemctl", "printf 'LoadState=loaded\\0ActiveState=inactive\\0UnitFileState=enabled\\0\\0'")
    await claim(shell, first)
    const there = (script: string) => shell.machine.sh(script.replace("[ -d /run/systemd/system ]", "true"))
    const plan = await planOn({ ...shell.machine, sh: there }, second)
    const said = plan.differences.flatMap(({ changes }) => changes.map(({ property, cause }) => `${property}:${cause}`))
    expect(said).toEqual(expected)
  })
})
