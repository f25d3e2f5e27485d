import { describe, expect, it } from "vitest"
import type { PathState, Step } from "../../src/contract/index.ts"
import type { Ground } from "../../src/core/eyes/ground.ts"
import { checkClock } from "../../src/core/foresee/clock.ts"
import type { Outlook } from "../../src/core/foresee/outlook.ts"
import { checkPaths } from "../../src/core/foresee/paths.ts"
import { checkSpace } from "../../src/core/foresee/space.ts"
import { checkWritable } from "../../src/core/foresee/writable.ts"
import { content, disk, file, found, install, outlook, root, state } from "./foresee-fixture.ts"

describe("paths in each other's way", () => {
  const remove = (path: string): Step => ({ do: "remove-path", path })
  const directory = (path: string): Step => ({ do: "make-directory", path, ...root })
  const link = (path: string): Step => ({ do: "make-link", path, target: "x" })
  const states = (given: { readonly [path: string]: PathState["kind"] }) => ({
    states: new Map(Object.entries(given).map(([path, kind]) => [path, state(kind)])),
  })
  const refused = (message: string) => [
    `FC_PATH_CONFLICT ${message} | move away what stands there, or describe another path`,
  ]

  it.each<readonly [string, readonly Step[], Partial<Outlook>, readonly string[]]>([
    ["nothing there", [directory("/a"), file("/a/b")], {}, []],
    [
      "a file below a file",
      [file("/a/b/c")],
      states({ "/a": "file" }),
      refused("/a/b/c needs a directory at /a, where a file stands"),
    ],
    [
      "a directory below a file",
      [directory("/a/b")],
      states({ "/a": "file" }),
      refused("/a/b needs a directory at /a, where a file stands"),
    ],
    [
      "a file below a device",
      [file("/a/b")],
      states({ "/a": "other" }),
      refused("/a/b needs a directory at /a, where something that is no file stands"),
    ],
    [
      "a file below a link to nowhere",
      [file("/a/b")],
      states({ "/a": "link" }),
      refused("/a/b needs a directory at /a, where a link that leads to no directory stands"),
    ],
    [
      "a file below a link to a directory",
      [file("/a/b")],
      { ...states({ "/a": "link" }), grounds: new Map([["/a", disk("root")]]) },
      [],
    ],
    [
      "a file over a directory",
      [file("/a")],
      states({ "/a": "directory" }),
      refused("a directory stands at /a, where a file should be"),
    ],
    [
      "a link over a directory",
      [link("/a")],
      states({ "/a": "directory" }),
      refused("a directory stands at /a, where a link should be"),
    ],
    [
      "a directory over a file",
      [directory("/a")],
      states({ "/a": "file" }),
      refused("a file stands at /a, where a directory should be"),
    ],
    ["a file over a link", [file("/a")], states({ "/a": "link" }), []],
    ["a directory after a file is removed", [remove("/a"), directory("/a")], states({ "/a": "file" }), []],
    [
      "a file below a file that is removed",
      [remove("/a"), directory("/a"), file("/a/b")],
      states({ "/a": "file" }),
      [],
    ],
    ["a file after an empty directory is removed", [remove("/a"), file("/a")], states({ "/a": "directory" }), []],
    [
      "a file after a directory is removed with all that is in it",
      [remove("/a/x"), remove("/a"), file("/a")],
      { ...states({ "/a": "directory", "/a/x": "file" }), entries: new Map([["/a", ["x"]]]) },
      [],
    ],
    [
      "a file over a directory that holds what nobody removes",
      [remove("/a/x"), remove("/a"), file("/a")],
      { ...states({ "/a": "directory", "/a/x": "file" }), entries: new Map([["/a", ["x", "mine"]]]) },
      refused("a directory stands at /a, where a file should be"),
    ],
    [
      "a plan in its own way",
      [file("/a"), file("/a/b")],
      {},
      refused("/a/b needs a directory at /a, where a file stands"),
    ],
    ["a link that the plan makes", [link("/a"), file("/a/b")], {}, []],
  ])("%s", (_, steps, given, expected) => {
    expect(found(checkPaths, steps, given)).toEqual(expected)
  })
})

describe("what takes no writes", () => {
  const readOnly: Ground = { ...disk("ro"), isWritable: false }
  const grounds = new Map([
    ["/", disk("root")],
    ["/srv", readOnly],
  ])
  const refused = [
    "FC_READ_ONLY /srv cannot be written to: its file system is read-only | on the machine: mount -o remount,rw … for findmnt -T /srv; if it is writable, see lsattr -d /srv",
  ]

  it.each<readonly [string, readonly Step[], Partial<Outlook>, readonly string[]]>([
    ["elsewhere", [file("/etc/f")], { grounds }, []],
    ["in a directory that will be made", [file("/srv/a/b")], { grounds }, refused],
    ["several times", [file("/srv/a"), file("/srv/b")], { grounds }, refused],
    ["its owner", [{ do: "set-ownership", path: "/srv", ...root }], { grounds }, refused],
    [
      "where Fireclay keeps what it knows",
      [file("/etc/f")],
      { grounds: new Map([...grounds, ["/var/lib", readOnly]]) },
      [expect.stringContaining("FC_READ_ONLY /var/lib ") as unknown as string],
    ],
    [
      "packages",
      [install],
      { grounds: new Map([...grounds, ["/usr", readOnly]]) },
      [expect.stringContaining("FC_READ_ONLY /usr ") as unknown as string],
    ],
    [
      "for want of rights",
      [file("/srv/a")],
      { grounds, isRoot: false },
      [
        "FC_NO_PERMISSION /srv cannot be written to by the account that is logged in | log in as root, or give the host sudo: true",
      ],
    ],
  ])("%s", (_, steps, given, expected) => {
    expect(found(checkWritable, steps, given)).toEqual(expected)
  })
})

describe("room", () => {
  const MB = 1_000_000
  const grounds = (own: number, srv: number, inodes?: number) =>
    new Map([
      ["/", disk("root")],
      ["/var/lib", disk("var", own)],
      ["/srv", disk("srv", srv, inodes)],
    ])

  it.each<readonly [string, readonly Step[], Partial<Outlook>, readonly string[]]>([
    ["enough", [file("/srv/f", {}, MB)], { grounds: grounds(10 * MB, 2 * MB) }, []],
    [
      "too little for what is written",
      [file("/srv/f", {}, 3 * MB)],
      { grounds: grounds(20 * MB, 2 * MB) },
      ["the file system of /srv needs 3.0 MB and has 2.0 MB free"],
    ],
    [
      "too little for what is on its way",
      [file("/srv/f", {}, 3 * MB)],
      { grounds: grounds(10 * MB, 20 * MB) },
      ["the file system of /var/lib needs 11 MB and has 10 MB free"],
    ],
    [
      "too little for what is displaced",
      [{ do: "remove-path", path: "/srv/f" }],
      { grounds: grounds(9 * MB, 0), states: new Map([["/srv/f", state("file", 5 * MB)]]) },
      ["the file system of /var/lib needs 13 MB and has 9.0 MB free"],
    ],
    [
      "too little while what is replaced is still there",
      ["/srv/a", "/srv/b", "/srv/c"].map((path) => file(path, {}, MB)),
      {
        grounds: grounds(30 * MB, 1.2 * MB),
        states: new Map(["/srv/a", "/srv/b", "/srv/c"].map((path) => [path, state("file", MB)])),
      },
      ["the file system of /srv needs 3.0 MB and has 1.2 MB free"],
    ],
    [
      "enough for what is displaced under another name on the same file system",
      [{ do: "remove-path", path: "/srv/f" }],
      { grounds: new Map([["/", disk("root", 9 * MB)]]), states: new Map([["/srv/f", state("file", 500 * MB)]]) },
      [],
    ],
    [
      "the same content travels once",
      [file("/srv/a", { content: content(MB) } as never), file("/srv/b", { content: content(MB) } as never)],
      { grounds: grounds(9.5 * MB, 5 * MB) },
      [],
    ],
    [
      "too few inodes",
      [file("/srv/a"), file("/srv/b")],
      { grounds: grounds(10 * MB, 10 * MB, 1) },
      ["the file system of /srv needs 2 inodes and has 1 free"],
    ],
    [
      "what packages need",
      [install],
      { grounds: grounds(10 * MB, 10 * MB), packageRoom: [{ path: "/srv", bytes: 50 * MB }] },
      ["the file system of /srv needs 50 MB and has 10 MB free"],
    ],
    ["not known", [file("/srv/f", {}, MB)], { grounds: new Map() }, []],
  ])("%s", (_, steps, given, expected) => {
    expect(checkSpace(outlook(steps, given)).errors.map(({ code, message }) => `${code} ${message}`)).toEqual(
      expected.map((message) => `FC_NO_SPACE ${message}`),
    )
  })
})

describe("a clock", () => {
  const now = Date.UTC(2026, 10, 24)
  const minutes = (count: number) => now + count * 60_000

  it.each<readonly [string, number | undefined, string | undefined, string | undefined]>([
    ["that says nothing", undefined, undefined, undefined],
    ["that is right", minutes(4), undefined, undefined],
    ["that is ahead", minutes(10), undefined, "10 minutes ahead of"],
    ["that is behind", minutes(-180), undefined, "3 hours behind"],
    ["that is days ahead", minutes(60 * 24 * 3), "3 days ahead of", undefined],
    ["that is years behind", minutes(-60 * 24 * 365 * 5), "5 years behind", undefined],
  ])("%s", (_, clock, error, note) => {
    const { errors, notes } = checkClock("web-1", clock, now)
    const says = (words: string | undefined) =>
      words === undefined ? [] : [`the clock of web-1 is ${words} this machine's`]
    expect(errors.map(({ message }) => message)).toEqual(says(error))
    expect(errors.every(({ code }) => code === "FC_CLOCK")).toBe(true)
    expect(notes).toEqual(says(note))
  })
})
