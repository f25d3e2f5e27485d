import { describe, expect, it } from "vitest"
import { readTerraform, type TerraformWant } from "../../src/inventories/terraform.ts"
import { caught } from "../support/catch.ts"

/** In the form of `terraform output -json`, version 1.11: written by hand after its documentation, not recorded from a run. */
const outputs = {
  one: { sensitive: false, type: "string", value: "10.0.0.1" },
  list: { sensitive: false, type: ["tuple", ["string", "string"]], value: ["10.0.0.1", "10.0.0.2"] },
  map: { sensitive: false, type: ["object", { web1: "string" }], value: { web1: "10.0.0.1", web2: "10.0.0.2" } },
  objects: {
    sensitive: false,
    type: ["tuple", []],
    value: [
      {
        name: "web1",
        address: "10.0.0.1",
        user: "admin",
        port: 2222,
        identity_file: "~/.ssh/web",
        sudo: true,
        tags: ["a"],
        arn: "x",
      },
      { host: "10.0.0.2", port: "22" },
    ],
  },
  named: { sensitive: false, type: "object", value: { web1: { public_ip: "10.0.0.1", user: null } } },
  single: { sensitive: false, type: "object", value: { address: "10.0.0.1", user: "admin" } },
  secret: { sensitive: true, type: "string", value: "hunter2" },
  empty: { sensitive: false, type: ["tuple", []], value: [] },
  number: { sensitive: false, type: "number", value: 7 },
  nested: { sensitive: false, type: "object", value: { web: { id: "hunter2" } } },
  badport: { sensitive: false, type: "object", value: { address: "a", port: "hunter2" } },
}

const instance = (attributes: object, more: object = {}): object => ({ schema_version: 1, attributes, ...more })
/** The parts of a state of version 4 that are read: written by hand after the format of Terraform 1.11. */
const state = {
  version: 4,
  terraform_version: "1.11.4",
  serial: 3,
  lineage: "f9c3",
  outputs: {
    web: { value: ["10.0.0.1"], type: ["tuple", ["string"]] },
    secret: { value: "hunter2", type: "string", sensitive: true },
  },
  resources: [
    {
      mode: "managed",
      type: "aws_instance",
      name: "web",
      provider: 'provider["registry.terraform.io/hashicorp/aws"]',
      instances: [
        instance({ public_ip: "10.0.0.1", tags: { Name: "first" } }, { index_key: 0 }),
        instance({ public_ip: "10.0.0.2", tags: { Name: "second" } }, { index_key: 1 }),
        instance({ public_ip: "10.0.0.9" }, { index_key: 1, deposed: "00000001" }),
      ],
    },
    {
      module: 'module.db["eu"]',
      mode: "managed",
      type: "google_compute_instance",
      name: "this",
      instances: [
        instance(
          { network_interface: [{ network_ip: "10.1.0.1" }], password: "hunter2", empty: "" },
          { index_key: "main", sensitive_attributes: [[{ type: "get_attr", value: "password" }]] },
        ),
      ],
    },
    { mode: "managed", type: "null_resource", name: "none", instances: [] },
    { mode: "data", type: "aws_instance", name: "old", instances: [instance({ public_ip: "10.2.0.1" })] },
  ],
}

const read = (kind: "outputs" | "state", document: unknown, want: TerraformWant) =>
  readTerraform({ file: "f.json", text: JSON.stringify(document) }, kind, want)

describe("an output", () => {
  it.each([
    ["one", [{ name: "10.0.0.1", destination: "10.0.0.1" }]],
    [
      "list",
      [
        { name: "10.0.0.1", destination: "10.0.0.1" },
        { name: "10.0.0.2", destination: "10.0.0.2" },
      ],
    ],
    [
      "map",
      [
        { name: "web1", destination: "10.0.0.1" },
        { name: "web2", destination: "10.0.0.2" },
      ],
    ],
    [
      "objects",
      [
        {
          name: "web1",
          destination: "10.0.0.1",
          user: "admin",
          port: 2222,
          identityFile: "~/.ssh/web",
          sudo: true,
          tags: ["a"],
        },
        { name: "10.0.0.2", destination: "10.0.0.2", port: 22 },
      ],
    ],
    ["named", [{ name: "web1", destination: "10.0.0.1" }]],
    ["single", [{ name: "10.0.0.1", destination: "10.0.0.1", user: "admin" }]],
  ])("of the kind %s names hosts", (output, expected) => {
    const hosts = read("outputs", outputs, { output })
    expect(hosts.map(({ at: _, ...host }) => host)).toEqual(expected)
    expect(hosts.every(({ at }) => at.startsWith(`f.json: output ${output}`))).toBe(true)
  })

  it("is found in a state too", () => {
    expect(read("state", state, { output: "web" })).toMatchObject([{ destination: "10.0.0.1" }])
  })
})

describe("a resource of a state", () => {
  it.each([
    [
      { resource: "aws_instance.web", attribute: "public_ip" },
      [
        ["web-0", "10.0.0.1"],
        ["web-1", "10.0.0.2"],
      ],
    ],
    [
      { resource: "aws_instance.web", attribute: "public_ip", name: "tags.Name" },
      [
        ["first", "10.0.0.1"],
        ["second", "10.0.0.2"],
      ],
    ],
    [
      { resource: 'module.db["eu"].google_compute_instance.this', attribute: "network_interface.0.network_ip" },
      [["main", "10.1.0.1"]],
    ],
    [{ resource: "data.aws_instance.old", attribute: "public_ip" }, [["old", "10.2.0.1"]]],
  ])("%j", (want, expected) => {
    expect(read("state", state, want).map(({ name, destination }) => [name, destination])).toEqual(expected)
  })
})

describe("a mistake is told with its place, and without a value", () => {
  const web = { resource: "aws_instance.web", attribute: "public_ip" }
  const db = { resource: 'module.db["eu"].google_compute_instance.this', attribute: "password" }
  const rows: readonly (readonly [string, "outputs" | "state", unknown, TerraformWant, RegExp, string, RegExp?])[] = [
    ["an unknown output", "outputs", outputs, { output: "lits" }, /no output "lits"/, "f.json", /did you mean "list"/],
    ["an output called like a method", "outputs", outputs, { output: "toString" }, /no output/, "f.json"],
    [
      "a sensitive output",
      "outputs",
      outputs,
      { output: "secret" },
      /is sensitive/,
      "f.json: output secret",
      /nonsensitive/,
    ],
    ["a sensitive output of a state", "state", state, { output: "secret" }, /is sensitive/, "f.json: output secret"],
    ["no hosts", "outputs", outputs, { output: "empty" }, /no hosts in it/, "f.json: output empty"],
    ["a number", "outputs", outputs, { output: "number" }, /not a string, a list or a map/, "f.json: output number"],
    ["no host", "outputs", outputs, { output: "nested" }, /not a host/, 'f.json: output nested["web"]', /address/],
    ["no port", "outputs", outputs, { output: "badport" }, /port is not a port/, "f.json: output badport"],
    [
      "one output's value",
      "outputs",
      { web: "10.0.0.1" },
      { output: "web" },
      /not an output/,
      "f.json: output web",
      /without the name/,
    ],
    [
      "a list",
      "outputs",
      ["10.0.0.1"],
      { output: "web" },
      /not a document of Terraform's/,
      "f.json",
      /terraform output -json/,
    ],
    ["an old state", "state", { ...state, version: 3 }, web, /of version 3 cannot be read/, "f.json"],
    ["outputs for a state", "state", outputs, web, /without a version/, "f.json"],
    ["an encrypted state", "state", { encrypted_data: "hunter2" }, web, /is encrypted/, "f.json"],
    [
      "an unknown resource",
      "state",
      state,
      { ...web, resource: "aws_instance.wbe" },
      /no resource/,
      "f.json",
      /did you mean "aws_instance.web"/,
    ],
    ["no instances", "state", state, { ...web, resource: "null_resource.none" }, /no instances/, "f.json"],
    [
      "an unknown attribute",
      "state",
      state,
      { ...web, attribute: "pubilc_ip" },
      /no attribute/,
      "f.json: aws_instance.web[0]",
      /did you mean "public_ip"/,
    ],
    ["a sensitive attribute", "state", state, db, /password is sensitive/, `f.json: ${db.resource}["main"]`],
    ["an empty attribute", "state", state, { ...db, attribute: "empty" }, /is empty/, `f.json: ${db.resource}["main"]`],
    [
      "a list as attribute",
      "state",
      state,
      { ...db, attribute: "network_interface" },
      /is not a string/,
      `f.json: ${db.resource}["main"]`,
    ],
  ]
  for (const [what, kind, document, want, message, at, remedy = /^/] of rows)
    it(what, async () => {
      const error = await caught(() => read(kind, document, want))
      expect(error).toMatchObject({ code: "FC_INVENTORY", at })
      expect(error.message).toMatch(message)
      expect(error.remedy ?? "").toMatch(remedy)
      expect(JSON.stringify([error.message, error.remedy, error.details])).not.toContain("hunter2")
    })

  it("broken JSON", async () => {
    const error = await caught(() =>
      readTerraform({ file: "f.json", text: '{ "a": hunter2' }, "outputs", { output: "a" }),
    )
    expect(error).toMatchObject({ code: "FC_INVENTORY", at: "f.json", message: "the file is not JSON" })
    expect(String(error.cause)).not.toContain("hunter2")
  })
})
