import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { gzipSync, zstdCompressSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { digestOf } from "../../src/images/layout.ts"
import { tarEnd, tarHeader, tarPadding } from "../../src/images/tar.ts"
import { tarHeaders } from "../../src/images/tar-reader.ts"
import { unpackLayers } from "../../src/images/unpack.ts"
import { run } from "../../src/system/process.ts"
import { caught } from "../support/catch.ts"
import { withDirectory } from "./tiny-image.ts"

interface Entry {
  readonly name: string
  readonly type?: string
  readonly target?: string
  readonly content?: string | Buffer
  readonly size?: number
}

/** An archive as nobody's tar would write it. */
const archive = (...entries: readonly Entry[]): Buffer =>
  Buffer.concat([
    ...entries.map(({ name, type = "0", target = "", content = "", size }) => {
      const bytes = Buffer.from(content)
      const header = tarHeader({ name, size: size ?? bytes.length })
      header.fill(0, 0, 100)
      header.write(name, 0, 100, "latin1")
      header.write(type, 156)
      header.write(target, 157, 100)
      header.write("        ", 148)
      const sum = header.reduce((total, byte) => total + byte, 0)
      header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148)
      return Buffer.concat([header, bytes, tarPadding(bytes.length)])
    }),
    tarEnd(),
  ])

const file = (name: string, content = name): Entry => ({ name, content })
const directory = (name: string): Entry => ({ name, type: "5" })
const symlink = (name: string, target: string): Entry => ({ name, type: "2", target })
const link = (name: string, target: string): Entry => ({ name, type: "1", target })
const pax = (...records: readonly string[]): Entry => ({
  name: "pax",
  type: "x",
  content: records
    .map((record) => {
      const length = record.length + 2 + String(record.length + 4).length
      return `${length} ${record}\n`
    })
    .join(""),
})

/** Unpacks layers over each other and lists what is there then. */
const unpack = (...layers: readonly Buffer[]) =>
  withDirectory(async (place) => {
    const root = join(place, "inner", "root")
    await mkdir(root, { recursive: true })
    await writeFile(join(place, "inner", "outside"), "untouched")
    const files = await Promise.all(
      layers.map(async (content, index) => {
        const path = join(place, `${index}.tar`)
        await writeFile(path, content)
        return { path, at: `layer ${index + 1}` }
      }),
    )
    const error = await unpackLayers(files, root, place).then(
      () => undefined,
      (cause) => cause,
    )
    expect((await readdir(join(place, "inner"))).sort()).toEqual(["outside", "root"])
    expect(await readFile(join(place, "inner", "outside"), "utf8")).toBe("untouched")
    if (error !== undefined) throw error
    const { stdout } = await run(["find", root, "-mindepth", "1", "-printf", "%P%y%l\n"])
    return stdout.toString().trim().split("\n").sort()
  })

describe("layers", () => {
  it.each<[string, readonly (readonly Entry[])[], readonly string[]]>([
    ["stand over each other", [[file("a", "1")], [file("a", "2"), file("./b")]], ["af", "bf"]],
    ["take files away", [[file("d/a"), file("d/b")], [file("d/.wh.a", "")]], ["d/bf", "dd"]],
    ["take directories away", [[file("d/e/a"), file("b")], [file(".wh.d", "")]], ["bf"]],
    ["bring back what they take away", [[file("d/a")], [file("d/.wh.a", ""), file("d/a")]], ["d/af", "dd"]],
    [
      "empty directories",
      [
        [file("d/a"), file("d/b")],
        [file("d/.wh..wh..opq", ""), file("d/c")],
      ],
      ["d/cf", "dd"],
    ],
    [
      "empty them, also when they say so last",
      [[file("d/a")], [file("d/c"), file("d/.wh..wh..opq", "")]],
      ["d/cf", "dd"],
    ],
    ["keep links, wherever they lead", [[symlink("l", "/etc"), symlink("m", "../..")]], ["ll/etc", "ml../.."]],
    ["replace a link by a directory", [[symlink("l", "/etc")], [directory("l/"), file("l/a")]], ["l/af", "ld"]],
    [
      "take a link away and write in its place",
      [[symlink("l", "/etc")], [file(".wh.l", ""), file("l/a")]],
      ["l/af", "ld"],
    ],
    ["have hard links", [[file("a"), link("b", "a"), link("./c", "./a")]], ["af", "bf", "cf"]],
    ["leave devices of /dev out", [[directory("dev"), { name: "dev/null", type: "3" }]], ["devd"]],
    ["have long names", [[pax(`path=${"n".repeat(120)}`), file("short")]], [`${"n".repeat(120)}f`]],
    ["of nothing", [[]], [""]],
  ])("%s", async (_, layers, tree) => {
    expect(await unpack(...layers.map((entries) => archive(...entries)))).toEqual(tree)
  })

  it.each([
    ["plain", (bytes: Buffer) => bytes],
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ])("compressed: %s", async (_, compress) => {
    expect(await unpack(compress(archive(file("a"))))).toEqual(["af"])
  })
})

describe("an archive that is refused, with nothing written", () => {
  it.each<[string, readonly (readonly Entry[])[]]>([
    ["an absolute name", [[file("/outside")]]],
    ["a name that goes upwards", [[file("../outside")]]],
    ["a name that goes upwards in the middle", [[directory("d"), file("d/../../outside")]]],
    ["a long name that goes upwards", [[pax("path=../outside"), file("short")]]],
    ["GNU's long name that goes upwards", [[{ name: "long", type: "L", content: "../outside\0" }, file("short")]]],
    ["a file below a link of the same layer", [[symlink("l", ".."), file("l/outside")]]],
    ["a file below a link of a layer before", [[symlink("l", "..")], [file("l/outside")]]],
    ["a link below a link", [[symlink("l", ".."), symlink("l/outside", "x")]]],
    ["a hard link that goes upwards", [[link("a", "../outside")]]],
    ["a hard link to an absolute path", [[link("a", "/etc/passwd")]]],
    ["a hard link through a link", [[symlink("l", ".."), link("a", "l/outside")]]],
    ["a file below a hard link to a link", [[symlink("l", ".."), link("m", "l"), file("m/outside")]]],
    ["a whiteout below a link", [[symlink("l", "..")], [file("l/.wh.outside", "")]]],
    [
      "a whiteout below a link that goes with it",
      [[symlink("l", "..")], [file(".wh.l", ""), file("l/.wh.outside", "")]],
    ],
    ["a whiteout that empties what a link leads to", [[symlink("l", "..")], [file("l/.wh..wh..opq", "")]]],
    ["a whiteout of the directory above", [[file("d/.wh...", "")]]],
    ["a device", [[{ name: "sda", type: "4" }]]],
    ["an unknown kind of entry", [[{ name: "a", type: "V" }]]],
    ["names for all entries", [[{ ...pax("path=../outside"), type: "g" }, file("a")]]],
    ["a sparse file", [[pax("GNU.sparse.major=1"), file("a")]]],
    ["a link with content", [[{ ...symlink("l", "x"), content: "x".repeat(600) }]]],
    ["a size that is none", [[pax("size=-1"), file("a")]]],
    ["an end in the middle", [[{ name: "a", size: 4096, content: "x" }]]],
    ["a name with an end in it", [[pax("path=a\0/../outside"), file("a")]]],
  ])("%s", async (_, layers) => {
    const error = await caught(() => unpack(...layers.map((entries) => archive(...entries))))
    expect(error).toMatchObject({ code: "FC_IMAGE_UNSAFE", at: expect.stringMatching(/^layer \d$/) })
  })

  it.each([
    ["no archive", Buffer.from("hello".repeat(300))],
    ["a header whose sum is wrong", Buffer.concat([Buffer.from("x"), archive(file("a")).subarray(1)])],
    ["half of a compressed one", gzipSync(archive(file("a"))).subarray(0, 40)],
    ["xz", Buffer.from("fd377a585a000004", "hex")],
  ])("%s", async (_, content) => {
    expect((await caught(() => unpack(content))).code).toBe("FC_IMAGE_UNSAFE")
  })

  it("names two bytes that are no text apart", async () => {
    // The link is still known as one after something has come whose name looks the same as text.
    const layer = archive(symlink("l\xff", ".."), file("l\xfe"), file("l\xff/outside"))
    const error = await caught(() => unpack(layer))
    expect(error.code).toBe("FC_IMAGE_UNSAFE")
  })

  it("with another digest than it should have", () =>
    withDirectory(async (place) => {
      const path = join(place, "a.tar")
      const bytes = archive(file("a"))
      await writeFile(path, bytes)
      await mkdir(join(place, "root"))
      await unpackLayers([{ path, at: "a", diffId: digestOf(bytes) }], join(place, "root"), place)
      const layers = [{ path, at: "a", diffId: digestOf("other") }]
      const error = await caught(() => unpackLayers(layers, join(place, "root"), place))
      expect(error.code).toBe("FC_IMAGE_DIGEST")
    }))
})

describe("headers", () => {
  it.each(["posix", "gnu", "ustar"])("are those that GNU tar sees in what it wrote: %s", (format) =>
    withDirectory(async (place) => {
      const path = join(place, "a.tar")
      const sources = ["usr/share/doc", "etc/alternatives", "usr/lib/python3"]
      await run(["tar", "-C", "/", `--format=${format}`, "-cf", path, ...sources])
      const listed = (await run(["tar", "--quoting-style=literal", "-tf", path])).stdout.toString("latin1").trimEnd()
      expect((await tarHeaders(path, "here")).map(({ name }) => name)).toEqual(listed.split("\n"))
    }),
  )
})
