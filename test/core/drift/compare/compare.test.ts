import { describe, expect, it } from "vitest"
import { compareLists, foldOwned, type Unlike } from "../../../../src/core/drift/compare/compare.ts"
import type { Has } from "../../../../src/core/drift/compare/parts.ts"

const thing = (kind: string, name: string, value: string): Has => ({ kind, name, value: [value] })
const nginx = (version: string): Has => thing("package", "nginx:amd64", `${version} installed`)

interface File {
  readonly kind?: string
  readonly mode?: string
  readonly owner?: string
  readonly size?: string
  readonly sum?: string
  readonly target?: string
}

const path = (name: string, file: File = {}): Has => {
  const { kind = "f", mode = "0644", owner = "root", size = "5", sum = "aaaaaaaabbbb", target = "" } = file
  return { kind: "path", name, value: [kind, mode, owner, "root", size, sum, target] }
}
const directory = (name: string): Has => path(name, { kind: "d", mode: "0755", size: "-", sum: "-" })

const tell = ({ kind, what, groups, package: owned, note }: Unlike): string =>
  [
    `${kind} ${what}:`,
    groups.map(({ machines, has }) => `${machines.join("+")} ${has ?? "none"}`).join("; "),
    ...(owned === undefined ? [] : [`of ${owned}`]),
    ...(note === undefined ? [] : [note]),
  ].join(" ")

const compare = (...all: readonly (readonly Has[])[]): readonly Unlike[] =>
  compareLists(all.map((has, index) => ({ machine: `web${index + 1}`, has })))

describe("compareLists", () => {
  it.each<readonly [string, readonly (readonly Has[])[], readonly string[]]>([
    [
      "machines that are alike",
      [
        [nginx("1.22"), path("/etc/a")],
        [nginx("1.22"), path("/etc/a")],
      ],
      [],
    ],
    ["none", [], []],
    ["one", [[nginx("1.22")]], []],
    [
      "what most have first",
      [[nginx("1.24")], [nginx("1.22")], [nginx("1.22")]],
      ["package nginx:amd64: web2+web3 1.22 installed; web1 1.24 installed"],
    ],
    [
      "of as many, the first machine's first",
      [[nginx("1.24")], [nginx("1.22")]],
      ["package nginx:amd64: web1 1.24 installed; web2 1.22 installed"],
    ],
    [
      "that most lack it",
      [[], [], [thing("port", "tcp 0.0.0.0:4444", "perl")]],
      ["port tcp 0.0.0.0:4444: web1+web2 none; web3 perl"],
    ],
    [
      "three ways",
      [[nginx("1.22")], [nginx("1.24")], []],
      ["package nginx:amd64: web1 1.22 installed; web2 1.24 installed; web3 none"],
    ],
    [
      "of a file only what is otherwise",
      [[path("/etc/a")], [path("/etc/a", { mode: "0600", owner: "app" })]],
      ["file /etc/a: web1 mode 0644, owner root; web2 mode 0600, owner app"],
    ],
    [
      "content",
      [[path("/etc/a")], [path("/etc/a", { sum: "ccccccccdddd" })]],
      ["file /etc/a: web1 content aaaaaaaa; web2 content cccccccc"],
    ],
    [
      "a package's file that is not as it came",
      [[path("/usr/bin/a", { mode: "0755", size: "-", sum: "=" })], [path("/usr/bin/a", { mode: "0755" })]],
      ["program /usr/bin/a: web1 as its package has it; web2 5 bytes, content aaaaaaaa"],
    ],
    [
      "where a link leads",
      [[path("/etc/a", { kind: "l", target: "/x" })], [path("/etc/a", { kind: "l", target: "/y" })]],
      ["link /etc/a: web1 to /x; web2 to /y"],
    ],
    [
      "a file here, a directory there",
      [[path("/opt/a", { size: "-", sum: "-" })], [path("/opt/a", { kind: "d", size: "-", sum: "-" })]],
      ["file /opt/a: web1 a file; web2 a directory"],
    ],
    [
      "a program that runs as another on one of them",
      [[path("/usr/bin/a", { mode: "0755" })], [path("/usr/bin/a", { mode: "04755" })]],
      ["setuid program /usr/bin/a: web1 mode 0755; web2 mode 04755"],
    ],
    [
      "a directory for all that is in it",
      [[], [directory("/opt/t"), directory("/opt/t/lib"), path("/opt/t/lib/a"), path("/opt/t/b")]],
      ["directory /opt/t: web1 none; web2 mode 0755, owner root with 3 below it"],
    ],
    [
      "what is dangerous by itself all the same",
      [[], [directory("/opt/t"), path("/opt/t/x", { mode: "04755" })]],
      [
        "directory /opt/t: web1 none; web2 mode 0755, owner root",
        "setuid program /opt/t/x: web1 none; web2 mode 04755, owner root, 5 bytes",
      ],
    ],
    [
      "what others than the directory's have",
      [[directory("/opt/t"), path("/opt/t/a")], [directory("/opt/t")], []],
      [
        "directory /opt/t: web1+web2 mode 0755, owner root; web3 none",
        "file /opt/t/a: web2+web3 none; web1 mode 0644, owner root, 5 bytes",
      ],
    ],
  ])("tells %s", (_, machines, told) => {
    expect(compare(...machines).map(tell)).toEqual(told)
  })
})

describe("foldOwned", () => {
  const owners = new Map([
    ["/usr/sbin/nginx", "nginx"],
    ["/bin/login", "login"],
  ])
  const folded = (...all: readonly (readonly Has[])[]): readonly string[] =>
    foldOwned(compare(...all), owners).map(tell)

  it("tells a package's files with the package where that is unlike", () => {
    expect(
      folded([nginx("1.22"), path("/usr/sbin/nginx"), path("/var/lib/dpkg/info/nginx.postinst")], [nginx("1.24")]),
    ).toEqual(["package nginx:amd64: web1 1.22 installed; web2 1.24 installed with 2 of its files"])
  })

  it("names the package of other files, by whichever name the package knows them", () => {
    expect(folded([path("/usr/bin/login")], [path("/usr/bin/login", { mode: "0600" })])).toEqual([
      "file /usr/bin/login: web1 mode 0644; web2 mode 0600 of login",
    ])
  })

  it("leaves what no package has as it is", () => {
    expect(folded([path("/etc/a")], [])).toEqual(["file /etc/a: web1 mode 0644, owner root, 5 bytes; web2 none"])
  })
})
