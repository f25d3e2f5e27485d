import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { describe, expect, it } from "vitest"
import {
  type DatabasePackage,
  type PackageKind,
  packageUrl,
  parseApkInstalled,
  parseDpkgList,
  parseDpkgStatus,
  parseSystem,
} from "../../../src/images/inside/packages.ts"
import { parseRpmDatabase } from "../../../src/images/inside/rpm.ts"
import { withDirectory } from "../tiny-image.ts"

const paragraph = (fields: Readonly<Record<string, string>>): string =>
  Object.entries({
    Package: "tree",
    Status: "install ok installed",
    Architecture: "amd64",
    Version: "2.1-1",
    ...fields,
  })
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n")

describe("dpkg's status", () => {
  it.each<[string, Readonly<Record<string, string>>, readonly Partial<DatabasePackage>[]]>([
    ["a package", {}, [{ name: "tree", version: "2.1-1", architecture: "amd64" }]],
    ["without a source: its own name", {}, [{ source: { name: "tree", version: "2.1-1" } }]],
    ["a source of the same version", { Source: "trees" }, [{ source: { name: "trees", version: "2.1-1" } }]],
    ["a source of another", { Source: "trees (2.0-9)" }, [{ source: { name: "trees", version: "2.0-9" } }]],
    ["an epoch", { Version: "1:2.1+dfsg-1~deb12u1" }, [{ version: "1:2.1+dfsg-1~deb12u1" }]],
    ["on hold", { Status: "hold ok installed" }, [{ name: "tree" }]],
    ["half configured", { Status: "install ok half-configured" }, [{ name: "tree" }]],
    ["only unpacked", { Status: "install ok unpacked" }, [{ name: "tree" }]],
    ["removed but for its configuration", { Status: "deinstall ok config-files" }, []],
    ["purged", { Status: "purge ok not-installed" }, []],
    [
      "a description that looks like fields",
      { Description: "x\n Version: 9\n .\n Package: other" },
      [{ version: "2.1-1" }],
    ],
    ["conffiles", { Conffiles: "\n /etc/tree abc\n /etc/more def obsolete" }, [{ name: "tree" }]],
    ["a maintainer", { Maintainer: "A B <a@b.example>" }, [{ maintainer: "A B <a@b.example>" }]],
  ])("%s", (_, fields, found) => {
    expect(parseDpkgStatus(`${paragraph(fields)}\n\n`)).toMatchObject(found)
    expect(parseDpkgStatus(`${paragraph(fields)}\n\n`)).toHaveLength(found.length)
  })

  it("holds several, and may be empty", () => {
    const two = `${paragraph({})}\n\n${paragraph({ Package: "bush" })}\n\n`
    expect(parseDpkgStatus(two).map(({ name }) => name)).toEqual(["tree", "bush"])
    expect(parseDpkgStatus("")).toEqual([])
  })

  it("lists paths as they are, and as they are where /usr is merged", () => {
    expect(parseDpkgList("/.\n/bin\n/bin/ls\n/etc/x y\n/usr/bin/z\n")).toEqual([
      "/bin",
      "/bin/ls",
      "/usr/bin/ls",
      "/etc/x y",
      "/usr/bin/z",
    ])
  })
})

it("apk's database says what is installed, and whose files are whose", () => {
  const text = `C:Q1abc=
P:musl
V:1.2.4-r2
A:x86_64
o:musl
L:MIT
U:https://musl.libc.org/
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755

P:ssl_client
V:1.36.1-r5
A:x86_64
o:busybox
F:
F:usr/bin
R:ssl_client
`
  const { packages, paths } = parseApkInstalled(text)
  expect(packages).toMatchObject([
    { name: "musl", version: "1.2.4-r2", architecture: "x86_64", licence: "MIT", homepage: "https://musl.libc.org/" },
    { name: "ssl_client", source: { name: "busybox", version: "1.36.1-r5" } },
  ])
  expect(paths).toEqual(["/lib/ld-musl-x86_64.so.1", "/usr/bin/ssl_client"])
})

it("rpm's database says what is installed, and whose files are whose", async () => {
  // As rpm 4.18 keeps the header of a package that was made and installed for this.
  const header = await readFile(join(import.meta.dirname, "t-tool.rpm-header"))
  const { packages, paths } = await parseRpmDatabase(await rpmDatabase([header, keyHeader]))
  expect(packages).toEqual([
    {
      name: "t-tool",
      version: "3:1.0-2",
      architecture: "noarch",
      source: { name: "t-tool", version: "1.0-2" },
      maintainer: "T",
      homepage: "https://t.example/",
      licence: "GPL-2.0-or-later AND MIT",
    },
  ])
  expect(paths).toEqual(["/opt/t", "/opt/t/a", "/opt/t/d", "/opt/t/d/b"])
})

/** A database with a table as rpm's. */
const rpmDatabase = (headers: readonly Uint8Array[]): Promise<Buffer> =>
  withDirectory(async (directory) => {
    const file = join(directory, "rpmdb.sqlite")
    const database = new DatabaseSync(file)
    database.exec("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)")
    for (const header of headers) database.prepare("INSERT INTO Packages (blob) VALUES (?)").run(header)
    database.close()
    return readFile(file)
  })

/** A header of a key's name and version alone. */
const keyHeader = (() => {
  const data = Buffer.from("gpg-pubkey\x001\0")
  const numbers = [2, data.length, 1000, 6, 0, 1, 1001, 6, 11, 1]
  const head = Buffer.alloc(numbers.length * 4)
  for (const [index, number] of numbers.entries()) head.writeUInt32BE(number, index * 4)
  return Buffer.concat([head, data])
})()

describe("os-release", () => {
  it.each([
    ['ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"', { id: "debian", version: "12", name: "Debian 12" }],
    ["ID='ubuntu'\nVERSION_ID=22.04", { id: "ubuntu", version: "22.04", name: "ubuntu" }],
    ["ID=arch", { id: "arch", version: "", name: "arch" }],
    [undefined, { id: "linux", version: "", name: "linux" }],
  ])("%s", (text, system) => {
    expect(parseSystem(text)).toEqual(system)
  })
})

describe("a package URL", () => {
  const debian = { id: "debian", version: "12", name: "Debian" }
  const found = (name: string, version: string, architecture: string, source?: DatabasePackage["source"]) => ({
    name,
    version,
    architecture,
    ...(source === undefined ? {} : { source }),
  })

  it.each<[PackageKind, DatabasePackage, string]>([
    ["deb", found("curl", "7.50.3-1", "i386"), "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=debian-12"],
    [
      "deb",
      found("libstdc++6", "12.2.0-14", "amd64", { name: "gcc-12", version: "12.2.0-14" }),
      "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=amd64&distro=debian-12&upstream=gcc-12",
    ],
    [
      "deb",
      found("zlib1g", "1:1.2.13.dfsg-1", "amd64", { name: "zlib", version: "1:1.2.13.dfsg-1" }),
      "pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1?arch=amd64&distro=debian-12&upstream=zlib",
    ],
    [
      "deb",
      found("markupsafe", "2.1.2-1+b1", "amd64", { name: "markupsafe", version: "2.1.2-1" }),
      "pkg:deb/debian/markupsafe@2.1.2-1%2Bb1?arch=amd64&distro=debian-12&upstream=markupsafe%402.1.2-1",
    ],
    [
      "rpm",
      found("acl", "2:2.3.1-3.fc36", "x86_64", { name: "acl", version: "2.3.1-3.fc36" }),
      "pkg:rpm/debian/acl@2.3.1-3.fc36?arch=x86_64&distro=debian-12&epoch=2&upstream=acl-2.3.1-3.fc36.src.rpm",
    ],
    ["apk", found("musl", "1.2.4-r2", "x86_64"), "pkg:apk/debian/musl@1.2.4-r2?arch=x86_64&distro=debian-12"],
  ])("%s %o", (kind, of, url) => {
    expect(packageUrl(kind, of, debian)).toBe(url)
  })

  it("names a system without a version by its name", () => {
    const url = packageUrl("deb", found("a", "1", "all"), { id: "sid", version: "", name: "sid" })
    expect(url).toBe("pkg:deb/sid/a@1?arch=all&distro=sid")
  })
})
