import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { findHosts } from "../../src/builtin/hosts.ts"
import { lookUpHosts } from "../../src/cli/hosts.ts"
import type { Fleet, SshHost } from "../../src/contract/index.ts"
import {
  ansibleInventory,
  defineProject,
  fleet,
  inPlace,
  rolling,
  type SshOptions,
  spec,
  ssh,
  terraform,
} from "../../src/index.ts"
import { caught } from "../support/catch.ts"

let directory = ""
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "fireclay-hosts-"))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
})
afterAll(() => rmSync(directory, { recursive: true }))

const files = {
  "ansible/hosts.ini":
    "[web]\nweb1 ansible_host=10.0.0.1 ansible_ssh_private_key_file=keys/web\nweb2 ansible_become=yes\n",
  "ansible/group_vars/web.yml": "ansible_user: www\n",
  "ansible/group_vars/all/vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
  "ansible/host_vars/web2.yml": "ansible_port: 2222\n",
  "ansible/bad.ini": "web1 ansible_host=-oProxyCommand=x\n",
  "outputs.json": JSON.stringify({ web: { sensitive: false, type: "list", value: ["10.0.0.1", "10.0.0.1"] } }),
  "terraform.tfstate": JSON.stringify({ version: 4, outputs: { web: { value: { a: "10.0.0.1" }, type: "map" } } }),
}

const project = (options: SshOptions) => {
  const app = spec("app", { resources: [] })
  return defineProject({
    name: "p",
    fleets: { web: fleet(app, { on: ssh(options), by: inPlace({ strategy: rolling() }) }) },
  })
}
const hostsOf = ({ on }: Fleet): readonly SshHost[] => (on.kind === "ssh" ? on.hosts : [])
const find = async (options: SshOptions): Promise<readonly SshHost[]> => {
  const { fleets } = project(options)
  return hostsOf((await findHosts(fleets.web as Fleet, directory)).fleet)
}

describe("hosts", () => {
  it("of a list have absolute paths, from the configuration on", async () => {
    const jump = { destination: "bastion", identityFile: "keys/bastion", knownHosts: "known_hosts" }
    expect(
      await find({
        hosts: ["a", { destination: "b", identityFile: "~/.ssh/b", sshConfig: "~/b.config" }],
        identityFile: "keys/a",
        sshConfig: "/etc/c",
        jump,
      }),
    ).toEqual([
      {
        name: "a",
        destination: "a",
        identityFile: join(directory, "keys/a"),
        sshConfig: "/etc/c",
        jump: [
          {
            destination: "bastion",
            identityFile: join(directory, "keys/bastion"),
            knownHosts: join(directory, "known_hosts"),
          },
        ],
      },
      expect.objectContaining({ identityFile: "~/.ssh/b", sshConfig: join(homedir(), "b.config") }),
    ])
  })

  it.each([
    ["a function", () => ["a", { destination: "b", port: 2222 }]],
    ["a function that takes its time", async () => ["a", { destination: "b", port: 2222 }]],
  ])("of %s are asked for once, and share what they have in common", async (_, hosts) => {
    let calls = 0
    const { fleets } = project({
      hosts: () => {
        calls += 1
        return hosts()
      },
      user: "deploy",
      port: 22,
    })
    const found = await Promise.all([1, 2].map(() => findHosts(fleets.web as Fleet, directory)))
    expect(hostsOf((found[0] as { readonly fleet: Fleet }).fleet)).toEqual([
      { name: "a", destination: "a", user: "deploy", port: 22 },
      { name: "b", destination: "b", user: "deploy", port: 2222 },
    ])
    expect(calls).toBe(1)
  })

  it("of an Ansible inventory come with what stands beside it, and with notes", async () => {
    const { fleets } = project({
      hosts: ansibleInventory("ansible/hosts.ini", { group: "web" }),
      user: "nobody",
      sudo: { password: { env: "X" } },
      tags: ["all-mine"],
    })
    const { fleet: found, notes } = await findHosts(fleets.web as Fleet, directory)
    expect(hostsOf(found)).toEqual([
      {
        ...{ name: "web1", destination: "10.0.0.1", user: "www", identityFile: join(directory, "keys/web") },
        ...{ sudo: { password: { env: "X" } }, tags: ["all-mine", "web"] },
      },
      {
        ...{ name: "web2", destination: "web2", user: "www", port: 2222 },
        ...{ sudo: { password: { env: "X" } }, tags: ["all-mine", "web"] },
      },
    ])
    expect(notes).toEqual(["ansible/group_vars/all/vault.yml is encrypted with ansible-vault; nothing in it is used"])
    expect(found.on).not.toHaveProperty("source")
  })

  it("of Terraform", async () => {
    expect(await find({ hosts: terraform({ state: "terraform.tfstate", output: "web" }), user: "admin" })).toEqual([
      { name: "a", destination: "10.0.0.1", user: "admin" },
    ])
  })

  it("are looked up for the fleets that are wanted only", async () => {
    const loaded = { project: project({ hosts: ansibleInventory("gone.ini") }), file: "f", directory }
    expect(await lookUpHosts(loaded, [])).toEqual({ config: loaded, fleets: [], notes: [] })
    expect(await caught(() => lookUpHosts(loaded, Object.values(loaded.project.fleets)))).toMatchObject({
      at: "gone.ini",
    })
  })
})

describe("hosts that cannot be had", () => {
  const thrown = (): never => {
    throw new Error("no route")
  }
  it.each<readonly [string, SshOptions, object]>([
    [
      "no such file",
      { hosts: ansibleInventory("gone.ini") },
      { code: "FC_INVENTORY", at: "gone.ini", message: "the file is not there" },
    ],
    [
      "a directory",
      { hosts: ansibleInventory("ansible") },
      { code: "FC_INVENTORY", at: "ansible", message: "the file is a directory" },
    ],
    [
      "a destination that ssh would take for an option",
      { hosts: ansibleInventory("ansible/bad.ini") },
      { code: "FC_INVENTORY", at: "ansible/bad.ini:1.destination" },
    ],
    [
      "one address twice",
      { hosts: terraform({ file: "outputs.json", output: "web" }) },
      { code: "FC_INVENTORY", at: "outputs.json: output web[1]", message: 'two hosts are called "10.0.0.1"' },
    ],
    [
      "a function that throws",
      { hosts: thrown },
      {
        code: "FC_INVENTORY",
        at: "fleets.web.on.hosts()",
        message: "the function that answers the hosts failed: no route",
      },
    ],
    ["a function without hosts", { hosts: () => [] }, { code: "FC_SPEC_VALUE", at: "fleets.web.on.hosts()" }],
    [
      "a function that answers a word",
      { hosts: (() => "web1") as never },
      { code: "FC_SPEC_VALUE", at: "fleets.web.on.hosts()" },
    ],
    [
      "a function that answers a host with a wrong key",
      { hosts: () => [{ destination: "a", prot: 22 } as never] },
      { code: "FC_SPEC_UNKNOWN_KEY", at: "fleets.web.on.hosts()[0].prot", remedy: 'did you mean "port"?' },
    ],
  ])("%s", async (_, options, expected) => {
    expect(await caught(() => find(options))).toMatchObject(expected)
  })
})
