import { mkdir, readFile, symlink, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import type { KnownMaking, MakingResource } from "../../../src/contract/index.ts"
import { readAttachments } from "../../../src/images/attachments.ts"
import { attachDocuments, readDocuments, type Telling } from "../../../src/images/inside/documents.ts"
import { takeInventory } from "../../../src/images/inside/inventory.ts"
import { digestOf, mediaTypes, putFile, putJson, writeIndex } from "../../../src/images/layout.ts"
import { run } from "../../../src/system/process.ts"
import { filesByMaker, managedPackages, readSpdx } from "../../support/spdx.ts"
import { withDirectory } from "../tiny-image.ts"

const telling: Telling = { createdAt: "2024-01-01T00:00:00Z", tool: "fireclay-1.2.3" }

/** A layer's files: text, or `-> ` and where a link leads. */
type Layer = Readonly<Record<string, string>>

const debian = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n'

const status = (...packages: readonly (readonly [name: string, version: string])[]): string =>
  packages
    .map(
      ([name, version]) =>
        `Package: ${name}\nStatus: install ok installed\nMaintainer: A Team <team@lists.example>\nArchitecture: amd64\nVersion: ${version}\n`,
    )
    .join("\n")

/** An image of these layers, in a layout of its own. */
const imageOf = async (directory: string, ...layers: readonly Layer[]) => {
  const layout = { directory: join(directory, "layout") }
  const descriptors = []
  for (const [index, layer] of layers.entries()) {
    const root = join(directory, `${index}`)
    await mkdir(root, { recursive: true })
    for (const [path, text] of Object.entries(layer)) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await (text.startsWith("-> ") ? symlink(text.slice(3), join(root, path)) : writeFile(join(root, path), text))
    }
    const archive = `${root}.tar`
    await run(["tar", "-C", root, "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "-cf", archive, "."])
    const digest = digestOf(await readFile(archive))
    descriptors.push(await putFile(layout, mediaTypes.layer, { path: archive, digest, move: true }))
  }
  const config = await putJson(layout, mediaTypes.config, { architecture: "amd64", os: "linux" })
  const { manifest } = mediaTypes
  const image = await putJson(layout, manifest, { schemaVersion: 2, mediaType: manifest, config, layers: descriptors })
  await writeIndex(layout, [image])
  return { layout, digest: image.digest }
}

const resource = (id: string, more: Partial<MakingResource> = {}): MakingResource => ({
  type: id.split(":")[0] ?? "",
  id,
  sources: [],
  ...more,
})

const makingWith = (...layers: readonly (readonly MakingResource[])[]): KnownMaking => ({
  fleet: "web",
  spec: "shop",
  release: `sha256:${"1".repeat(64)}`,
  base: { distribution: "debian", suite: "bookworm", include: [] },
  baseDigest: `sha256:${"2".repeat(64)}`,
  lock: 3,
  layers,
  packages: { tree: "2.1-1" },
  version: "1.2.3",
  startedAt: "2026-01-02T03:04:05.000Z",
  finishedAt: "2026-01-02T03:04:06.000Z",
  entry: "e".repeat(64),
})

const base: Layer = {
  "usr/lib/os-release": debian,
  "etc/os-release": "-> ../usr/lib/os-release",
  "etc/unowned": "of the base",
  "etc/adduser.conf": "as packaged",
  "var/lib/dpkg/status": status(["adduser", "3.134"]),
  "var/lib/dpkg/info/adduser.list": "/.\n/etc\n/etc/adduser.conf\n/etc/issue\n",
  "usr/share/doc/adduser/copyright": "Format: x\n\nFiles: *\nCopyright: 1994 D\nLicense: GPL-2+\n",
}

const withTree: Layer = {
  "var/lib/dpkg/status": status(["adduser", "3.134"], ["tree", "2.1-1"], ["libtree", "2.1-1"]),
  "var/lib/dpkg/info/tree.list": "/.\n/bin/tree\n",
  "var/lib/dpkg/info/libtree:amd64.list": "/.\n/usr/lib/libtree.so\n",
  "usr/share/doc/libtree/copyright": "see /usr/share/common-licenses/LGPL-2",
  "usr/share/doc/tree": "-> libtree",
  "usr/bin/tree": "#!",
  "usr/lib/libtree.so": "so",
  "etc/tree.d/cache": "made when it was installed",
}

describe("the documents of an image", () => {
  const making = makingWith(
    [resource("package:tree", { name: "tree" })],
    [
      resource("file:/etc/adduser.conf", { path: "/etc/adduser.conf", sources: ["a".repeat(64)] }),
      resource("user:app"),
      resource("command:one"),
      resource("command:two"),
    ],
    [resource("file:/etc/motd", { path: "/etc/motd", spec: "platform", sources: ["b".repeat(64)] })],
  )
  const layers: readonly Layer[] = [
    base,
    withTree,
    { "etc/adduser.conf": "as described", "etc/passwd": "app:x", "opt/one": "1", "opt/two": "2", "etc/issue": "owned" },
    { "etc/motd": "hello", "opt/.wh.two": "" },
  ]

  it("list packages of all layers, with source, terms and where they come from", () =>
    withDirectory(async (directory) => {
      const { layout, digest } = await imageOf(directory, ...layers)
      const document = readSpdx((await readDocuments(layout, digest, { ...telling, making })).sbom.toString())
      expect(managedPackages(document)).toEqual(["adduser amd64 3.134", "libtree amd64 2.1-1", "tree amd64 2.1-1"])
      const told = document.packages.map(({ name, comment, licenseDeclared }) => [name, comment, licenseDeclared])
      expect(told).toEqual(
        expect.arrayContaining([
          ["adduser", "of the base", "GPL-2.0-or-later"],
          ["libtree", "came along in layer 1", "NOASSERTION"],
          ["tree", "described by package:tree", "NOASSERTION"],
        ]),
      )
      expect(document.packages.find(({ name }) => name === "tree")).toMatchObject({
        supplier: "Organization: A Team (team@lists.example)",
        licenseComments: "points to /usr/share/common-licenses: LGPL-2",
      })
    }))

  it("say of each file that no package owns who made it, and of what was taken away nothing", () =>
    withDirectory(async (directory) => {
      const { layout, digest } = await imageOf(directory, ...layers)
      const document = readSpdx((await readDocuments(layout, digest, { ...telling, making })).sbom.toString())
      expect(filesByMaker(document)).toEqual({
        "package:tree": ["./etc/tree.d/cache", "./usr/share/doc/libtree/copyright"],
        "file:/etc/adduser.conf": ["./etc/adduser.conf"],
        "user:app": ["./etc/passwd"],
        "one of command:one and 1 more": ["./opt/one"],
        "file:/etc/motd": ["./etc/motd"],
      })
    }))

  it("say how it was made: inputs, release, builder", () =>
    withDirectory(async (directory) => {
      const { layout, digest } = await imageOf(directory, ...layers)
      const { provenance } = await readDocuments(layout, digest, { ...telling, making })
      expect(JSON.parse(provenance?.toString() ?? "")).toEqual({
        _type: "https://in-toto.io/Statement/v1",
        subject: [{ name: "shop", digest: { sha256: digest.slice(7) } }],
        predicateType: "https://slsa.dev/provenance/v1",
        predicate: {
          buildDefinition: {
            buildType: "urn:fireclay:build:v1",
            externalParameters: { spec: "shop", fleet: "web", release: making.release, base: making.base },
            internalParameters: { lockMoves: 3 },
            resolvedDependencies: [
              { name: "base layer", digest: { sha256: "2".repeat(64) } },
              { name: "tree", uri: "pkg:deb/debian/tree@2.1-1?arch=amd64&distro=debian-12" },
              { name: "file:/etc/adduser.conf", digest: { sha256: "a".repeat(64) } },
              { name: "file:/etc/motd", digest: { sha256: "b".repeat(64) }, annotations: { spec: "platform" } },
            ],
          },
          runDetails: {
            builder: { id: "urn:fireclay:builder", version: { fireclay: "1.2.3" } },
            metadata: { invocationId: making.entry, startedOn: making.startedAt, finishedOn: making.finishedAt },
          },
        },
      })
    }))

  it.each<[string, KnownMaking["base"], readonly object[]]>([
    ["a distribution", { distribution: "debian", suite: "bookworm", include: [] }, []],
    [
      "an archive",
      { rootfs: "root.tar", sha256: "c".repeat(64) },
      [{ name: "base archive", digest: { sha256: "c".repeat(64) } }],
    ],
    [
      "an image of a registry",
      { image: "r.example:5000/base/debian:12", digest: `sha256:${"d".repeat(64)}` },
      [
        {
          name: "base image",
          uri: `pkg:oci/debian@sha256:${"d".repeat(64)}?repository_url=r.example%3A5000%2Fbase%2Fdebian&tag=12`,
          digest: { sha256: "d".repeat(64) },
        },
      ],
    ],
  ])("name what it was made from: %s", (_, from, named) =>
    withDirectory(async (directory) => {
      const { layout, digest } = await imageOf(directory, ...layers)
      const known = { ...telling, making: { ...making, base: from } }
      const statement = JSON.parse((await readDocuments(layout, digest, known)).provenance?.toString() ?? "")
      const dependencies = statement.predicate.buildDefinition.resolvedDependencies
      expect(dependencies.slice(0, named.length + 1)).toEqual([
        ...named,
        { name: "base layer", digest: { sha256: "2".repeat(64) } },
      ])
    }),
  )

  it("are the same bytes for the same image, whenever and wherever it was made", () =>
    withDirectory(async (one) =>
      withDirectory(async (other) => {
        const documents = []
        for (const [directory, finishedAt] of [
          [one, making.finishedAt],
          [other, "2027-01-01T00:00:00.000Z"],
        ] as const) {
          const { layout, digest } = await imageOf(directory, ...layers)
          documents.push((await readDocuments(layout, digest, { ...telling, making: { ...making, finishedAt } })).sbom)
        }
        expect(documents[0]?.equals(documents[1] ?? Buffer.alloc(0))).toBe(true)
      }),
    ))

  it("that differ have different names, though they are about one image", () =>
    withDirectory(async (directory) => {
      const { layout, digest } = await imageOf(directory, ...layers)
      const names = []
      for (const known of [making, undefined]) {
        const { sbom, provenance } = await readDocuments(layout, digest, { ...telling, making: known })
        names.push(readSpdx(sbom.toString()).documentNamespace)
        expect(provenance === undefined).toBe(known === undefined)
      }
      expect(names[0]).toContain(digest.slice(7))
      expect(names[0]).not.toBe(names[1])
    }))

  it("are put beside it once, and stay", () =>
    withDirectory(async (directory) => {
      const { layout, digest } = await imageOf(directory, ...layers)
      const kinds = async () => (await readAttachments(layout, digest)).map(({ kind }) => kind).sort()
      await attachDocuments(layout, digest, telling)
      expect(await kinds()).toEqual(["application/spdx+json"])
      await attachDocuments(layout, digest, { ...telling, making })
      expect(await kinds()).toEqual(["application/spdx+json", "application/vnd.in-toto+json"])
      const { sbom } = await readDocuments(layout, digest, { ...telling, tool: "fireclay-9" })
      expect(JSON.parse(sbom.toString()).creationInfo.creators).toEqual(["Tool: fireclay-1.2.3"])
      await attachDocuments(layout, digest, { ...telling, tool: "fireclay-9", making })
      expect(await kinds()).toHaveLength(2)
    }))
})

describe("an inventory", () => {
  it.each<[string, readonly Layer[], readonly string[]]>([
    ["a package that was upgraded", [base, { "var/lib/dpkg/status": status(["adduser", "4"]) }], ["adduser 4 of 1"]],
    ["one that was removed", [base, { "var/lib/dpkg/status": status() }], []],
    ["a database that a later layer leaves alone", [base, { "etc/x": "" }], ["adduser 3.134 of 0"]],
    [
      "apk",
      [
        { "lib/apk/db/installed": "P:musl\nV:1\nA:x86_64\nL:MIT\n\n" },
        { "lib/apk/db/installed": "P:musl\nV:1\nA:x86_64\nL:MIT\n\nP:zlib\nV:2\nA:x86_64\nL:Zlib stuff\n" },
      ],
      ["musl 1 of 0", "zlib 2 of 1"],
    ],
  ])("%s", (_, layers, packages) =>
    withDirectory(async (directory) => {
      const { layout, digest } = await imageOf(directory, ...layers)
      const found = await takeInventory(layout, digest)
      expect(found.packages.map(({ name, version, layer }) => `${name} ${version} of ${layer}`)).toEqual(packages)
      expect(found.notes).toEqual([])
      readSpdx((await readDocuments(layout, digest, telling)).sbom.toString())
    }),
  )

  it.each<[string, Layer, string]>([
    ["an old rpm", { "var/lib/rpm/Packages": "" }, "before rpm 4.16"],
    ["a database of rpm's that is none", { "var/lib/rpm/rpmdb.sqlite": "SQLite format 3\0" }, "could be read"],
    ["no manager", { "etc/x": "" }, "could be read"],
  ])("%s: says what is missing", (_, layer, note) =>
    withDirectory(async (directory) => {
      const { layout, digest } = await imageOf(directory, layer)
      expect((await takeInventory(layout, digest)).notes).toEqual([expect.stringContaining(note)])
    }),
  )

  it("a directory that a file takes the place of, hard links, and what is hidden as a whole", () =>
    withDirectory(async (directory) => {
      const layers = [
        { "opt/a/b": "1", "opt/c/d": "2" },
        { "opt/a": "a file now", "opt/c/.wh..wh..opq": "", "opt/c/e": "3" },
      ]
      const { layout, digest } = await imageOf(directory, ...layers)
      const { files } = await takeInventory(layout, digest)
      expect(files.map(({ path, size }) => `${path} ${size}`)).toEqual(["/opt/a 10", "/opt/c/e 1"])
    }))
})
