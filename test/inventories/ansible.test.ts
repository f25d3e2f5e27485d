import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { type AnsibleWant, openAnsible, readAnsible, type VariableFiles } from "../../src/inventories/ansible.ts"
import { groupsOf, hostsOf } from "../../src/inventories/inventory.ts"
import type { Text } from "../../src/inventories/place.ts"
import { caught } from "../support/catch.ts"

const recorded = join(import.meta.dirname, "recorded")
const noFiles: VariableFiles = () => []
const text = (file: string): Text => ({ file, text: readFileSync(join(recorded, file), "utf8") })

/** What stands beside the one inventory that has something beside it. */
const beside: VariableFiles = (directory, name) =>
  ["all.yml", "web/main.yml", "web/second.yaml", "site", "web2.json"]
    .filter((file) => file.replace(/[./].*/, "") === name)
    .map((file) => `beside/${directory}/${file}`)
    .filter((file) => existsSync(join(recorded, file)))
    .map(text)

interface Listed {
  readonly hosts?: readonly string[]
  readonly children?: readonly string[]
}

/**
 * Recorded by `ansible-inventory -i FILE --list >FILE.recorded.json` (with `-` for `/`) of Debian's ansible-core
 * 2.14.18, in the directory `recorded`.
 */
describe.each(["plain.ini", "values.ini", "priority.ini", "nested.yml", "list.json", "beside/hosts"])("%s", (file) => {
  const { _meta: meta, ...listing } = JSON.parse(text(`${file.replace("/", "-")}.recorded.json`).text) as {
    readonly _meta: { readonly hostvars: object }
  } & { readonly [group: string]: Listed }
  const { inventory, variablesOf } = openAnsible(
    text(file),
    file.startsWith("beside") ? beside : noFiles,
    () => undefined,
  )

  it("has the variables that Ansible finds", () => {
    const ours = Object.fromEntries(
      [...inventory.hosts.keys()]
        .map(
          (host) =>
            [host, Object.fromEntries([...variablesOf(host)].map(([name, { value }]) => [name, value]))] as const,
        )
        .filter(([, variables]) => Object.keys(variables).length > 0)
        .map(([host, { ansible_group_priority: _, ...variables }]) => [host, variables]),
    )
    expect(ours).toEqual(meta.hostvars)
  })

  it("has the hosts and groups that Ansible finds", () => {
    const hostsIn = (group: string): readonly string[] => [
      ...(listing[group]?.hosts ?? []),
      ...(listing[group]?.children ?? []).flatMap(hostsIn),
    ]
    const groups = Object.keys(listing)
    for (const group of groups)
      if (group !== "ungrouped")
        expect([group, new Set(hostsOf(inventory, group))]).toEqual([group, new Set(hostsIn(group))])
    expect(new Set(hostsOf(inventory, "all"))).toEqual(new Set(groups.flatMap(hostsIn)))
    for (const host of inventory.hosts.keys())
      expect([
        host,
        groupsOf(inventory, host)
          .filter((group) => group !== "ungrouped")
          .toSorted(),
      ]).toEqual([
        host,
        groups.filter((group) => !/^(all|ungrouped)$/.test(group) && hostsIn(group).includes(host)).toSorted(),
      ])
  })
})

const ini = (...lines: readonly string[]): Text => ({ file: "hosts.ini", text: lines.join("\n") })
const yaml = (...lines: readonly string[]): Text => ({ file: "hosts.yml", text: lines.join("\n") })

describe("a host of an inventory", () => {
  it.each([
    ["a bare name", "web1", { name: "web1", destination: "web1" }],
    [
      "address, port, user and key",
      "web1 ansible_host=10.0.0.1 ansible_port=2222 ansible_user=deploy ansible_ssh_private_key_file=~/.ssh/web",
      { destination: "10.0.0.1", port: 2222, user: "deploy", identityFile: "~/.ssh/web" },
    ],
    [
      "the old names",
      "web1 ansible_ssh_host=a ansible_ssh_port=1 ansible_ssh_user=b",
      { destination: "a", port: 1, user: "b" },
    ],
    ["root by sudo", "web1 ansible_become=yes ansible_become_user=root ansible_become_method=sudo", { sudo: true }],
    ["no root", "web1 ansible_become=no", { name: "web1", destination: "web1" }],
    [
      "a jump host, as -J",
      `web1 ansible_ssh_common_args="-J me@one:2200,two"`,
      { jump: [{ destination: "one", user: "me", port: 2200 }, { destination: "two" }] },
    ],
    [
      "a jump host, as an option",
      `web1 ansible_ssh_common_args="-o ProxyJump=[::1]:22"`,
      { jump: [{ destination: "::1", port: 22 }] },
    ],
    ["a jump host, as one word", `web1 ansible_ssh_extra_args="-oProxyJump=one"`, { jump: [{ destination: "one" }] }],
  ])("%s", (_, line, expected) => {
    const { hosts, notes } = readAnsible(ini(line), {}, noFiles)
    const [{ at, ...host } = { at: "" }] = hosts
    expect(notes).toEqual([])
    expect(at).toMatch(/^hosts\.ini(:1)?$/)
    expect(host).toEqual({ name: "web1", destination: "web1", ...expected })
  })

  it("has its groups as tags, the nearest last", () => {
    const { hosts } = readAnsible(ini("[web]", "a", "[site:children]", "web"), {}, noFiles)
    expect(hosts[0]?.tags).toEqual(["site", "web"])
  })
})

describe("what is left of an inventory", () => {
  const all = ini("[web]", "web[1:3]", "[db]", "db1", "[staging]", "web1", "db1")
  it.each([
    [{ group: "web" }, ["web1", "web2", "web3"]],
    [{ group: "staging" }, ["web1", "db1"]],
    [{}, ["web1", "web2", "web3", "db1"]],
    [{ limit: ["web2"] }, ["web2"]],
    [{ limit: ["web,db1", "!web2"] }, ["web1", "web3", "db1"]],
    [{ limit: ["&staging"] }, ["web1", "db1"]],
    [{ group: "web", limit: ["w*", "&staging"] }, ["web1"]],
    [{ limit: ["*3"] }, ["web3"]],
  ])("%j", (want, names) => {
    expect(readAnsible(all, want, noFiles).hosts.map(({ name }) => name)).toEqual(names)
  })
})

describe("what is not used is named", () => {
  it.each([
    [
      `a ansible_ssh_common_args="-o StrictHostKeyChecking=no -C"`,
      /hosts\.ini:1: of ansible_ssh_common_args of a this is not used: -oStrictHostKeyChecking=no -C/,
    ],
    [
      "a ansible_become_password=hunter2",
      /ansible_become_password of a is not used; say it in the configuration, as sudo/,
    ],
    ["a ansible_ssh_pass=hunter2", /ansible_ssh_pass of a is not used; Fireclay logs in with a key/],
  ])("%s", (line, note) => {
    const { notes } = readAnsible(ini(line), {}, noFiles)
    expect(notes).toEqual([expect.stringMatching(note)])
    expect(notes.join()).not.toContain("hunter2")
  })

  it("also an encrypted file beside it", () => {
    const files: VariableFiles = (directory, name) =>
      directory === "group_vars" && name === "all"
        ? [{ file: "group_vars/all/vault.yml", text: "$ANSIBLE_VAULT;1.1;AES256\n61" }]
        : []
    const { notes } = readAnsible(ini("a"), {}, files)
    expect(notes).toEqual(["group_vars/all/vault.yml is encrypted with ansible-vault; nothing in it is used"])
  })

  it.each(["ansible_python_interpreter=/usr/bin/python3", "app_port=80", "ansible_connection=ssh"])(
    "but not %s",
    (word) => {
      expect(readAnsible(ini(`a ${word}`), {}, noFiles).notes).toEqual([])
    },
  )
})

type Row = readonly [what: string, file: Text, want: AnsibleWant, message: RegExp, at: string, remedy?: RegExp]

describe("a mistake is told with its place", () => {
  const rows: readonly Row[] = [
    ["an unknown group", ini("[web]", "a"), { group: "wbe" }, /no group "wbe"/, "hosts.ini", /did you mean "web"/],
    ["a group without hosts", ini("[web]"), { group: "web" }, /no host is left/, "hosts.ini"],
    ["a limit that fits nothing", ini("web1"), { limit: ["wev1"] }, /fits no host/, "hosts.ini", /did you mean "web1"/],
    [
      "an unknown kind of section",
      ini("a", "[web:host]"),
      {},
      /\[web:host\] means nothing/,
      "hosts.ini:2",
      /:children/,
    ],
    ["a section with a blank", ini("[we b]"), {}, /not the head of a section/, "hosts.ini:1"],
    ["a word without =", ini("", "a b"), {}, /"b" is not name=value/, "hosts.ini:2"],
    ["a quote that stays open", ini(`a x="y`), {}, /a quote is not closed/, "hosts.ini:1"],
    ["variables of no group", ini("a", "[web:vars]", "x=1"), {}, /"web" is not declared/, "hosts.ini:2"],
    ["a child that is no group", ini("[web:children]", "x"), {}, /"x" is not declared/, "hosts.ini:2"],
    ["a range that ends early", ini("web[5:1]"), {}, /ends before it begins/, "hosts.ini:1"],
    ["a range of two widths", ini("web[01:100]"), {}, /ends of one length/, "hosts.ini:1"],
    ["a range of millions", ini("web[1:9999999]"), {}, /stands for 9999999 hosts/, "hosts.ini:1"],
    ["a port that is none", ini("[w]", "a ansible_port=http"), {}, /"http", which is not a port/, "hosts.ini:2"],
    ["a local connection", ini("a ansible_connection=local"), {}, /not reached over SSH/, "hosts.ini:1"],
    ["another user than root", ini("a ansible_become=1 ansible_become_user=app"), {}, /becomes app/, "hosts.ini:1"],
    ["su", ini("a ansible_become=1 ansible_become_method=su"), {}, /by su, and Fireclay does by sudo/, "hosts.ini:1"],
    ["a template", ini(`a ansible_host="{{ ip }}"`), {}, /only Ansible can fill in/, "hosts.ini:1"],
    [
      "an encrypted value",
      yaml(
        "all:",
        "  hosts:",
        "    a:",
        "      ansible_user: !vault |",
        "        $ANSIBLE_VAULT;1.1;AES256",
        "        61",
      ),
      {},
      /encrypted with ansible-vault/,
      "hosts.yml:4",
    ],
    ["an encrypted inventory", ini("$ANSIBLE_VAULT;1.1;AES256", "61"), {}, /is encrypted/, "hosts.ini", /decrypt/],
    ["a program", ini("#!/usr/bin/env python3"), {}, /is a program/, "hosts.ini", /ansible-inventory/],
    ["broken YAML", yaml("all:", "  hosts: {a"), {}, /is not YAML/, "hosts.yml:2"],
    ["a list for a map", yaml("all:", "  hosts:", "    - a"), {}, /hosts of all is not a map/, "hosts.yml:3"],
    ["a text", yaml("hello"), {}, /is not a map/, "hosts.yml:1"],
  ]
  for (const [what, file, want, message, at, remedy = /^/] of rows)
    it(what, async () => {
      const error = await caught(() => readAnsible(file, want, noFiles))
      expect(error).toMatchObject({ code: "FC_INVENTORY", at })
      expect(error.message).toMatch(message)
      expect(error.remedy ?? "").toMatch(remedy)
    })
})
