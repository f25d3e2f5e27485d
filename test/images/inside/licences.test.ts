import { describe, expect, it } from "vitest"
import { identifierOf, parseCopyright, parseExpression, toExpression } from "../../../src/images/inside/licences.ts"

describe("a short name of Debian's", () => {
  it.each([
    ["GPL-2", "GPL-2.0-only"],
    ["GPL-2+", "GPL-2.0-or-later"],
    ["GPL-2.0+", "GPL-2.0-or-later"],
    ["GPLv3+", "GPL-3.0-or-later"],
    ["GPL-1+", "GPL-1.0-or-later"],
    ["LGPL-2.1+", "LGPL-2.1-or-later"],
    ["lgpl-2", "LGPL-2.0-only"],
    ["GPL-3.0-or-later", "GPL-3.0-or-later"],
    ["GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"],
    ["Expat", "MIT"],
    ["Apache-2", "Apache-2.0"],
    ["BSD-3-clause", "BSD-3-Clause"],
    ["ZLIB", "Zlib"],
    ["GPL", undefined],
    ["GPL-9", undefined],
    ["public-domain", undefined],
    ["BSD", undefined],
  ])("%s", (name, id) => {
    expect(identifierOf(name)).toBe(id)
  })
})

describe("what a paragraph says", () => {
  it.each([
    ["GPL-2+ or MIT", "GPL-2.0-or-later OR MIT"],
    ["GPL-2 and MIT", "GPL-2.0-only AND MIT"],
    ["GPL-2+ or MIT, and ISC", "(GPL-2.0-or-later OR MIT) AND ISC"],
    ["GPL-2 or MIT and ISC", "GPL-2.0-only OR (MIT AND ISC)"],
    ["MIT or Expat", "MIT"],
    ["GPL-3+ with Bison exception", "GPL-3.0-or-later WITH Bison-exception-2.2"],
    ["GPL-2 with Linux-syscall-note exception", "GPL-2.0-only WITH Linux-syscall-note"],
    ["GPL-2+ with OpenSSL exception", "LicenseRef-debian-GPL-2-with-OpenSSL-exception"],
    ["Artistic", "LicenseRef-debian-Artistic"],
    ["__AUTO__", "LicenseRef-debian-AUTO"],
    ["Permission is hereby granted, free of charge, to any person", "LicenseRef-debian-terms-of-tree"],
  ])("%s", (said, expression) => {
    const texts = new Map<string, string>()
    expect(toExpression(said, { name: "tree", texts })).toBe(expression)
    for (const id of expression.match(/LicenseRef-[\w.-]+/g) ?? [])
      expect(texts.get(id)).toContain("/doc/tree/copyright")
  })
})

const format = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: tree"

describe("a copyright file", () => {
  it("is read paragraph by paragraph", () => {
    const text = `${format}

Files: *
Copyright: 2001 A <a@b.example>
           2002 B
License: GPL-2+

Files: debian/*
Copyright: 2003 C
License: Expat

License: GPL-2+
 This is the text, and no statement about files.
 License: ISC
`
    expect(parseCopyright(text, "tree")).toEqual({
      expression: "GPL-2.0-or-later AND MIT",
      copyright: "2001 A <a@b.example>\n2002 B",
      texts: new Map(),
    })
  })

  it("keeps an alternative together", () => {
    const text = `${format}\n\nFiles: *\nLicense: GPL-2 or ISC\n\nFiles: a\nLicense: MIT\n`
    expect(parseCopyright(text, "tree").expression).toBe("(GPL-2.0-only OR ISC) AND MIT")
  })

  it.each([
    ["This is free. See /usr/share/common-licenses/GPL-2.", "points to /usr/share/common-licenses: GPL-2"],
    ["Files: *\nLicense: MIT", undefined],
    ["", undefined],
  ])("in another form gives no more than a hint: %s", (text, hint) => {
    const terms = parseCopyright(text, "tree")
    expect(terms).toEqual({ texts: new Map(), ...(hint === undefined ? {} : { hint }) })
  })

  it("whose licence is not named says nothing of it", () => {
    expect(parseCopyright(`${format}\n\nFiles: *\nLicense:\n Whatever.\n`, "tree").expression).toBeUndefined()
  })
})

describe("what a database says of a licence", () => {
  it.each([
    ["MIT", "MIT"],
    ["GPL-2.0-or-later and (MIT or Zlib)", "GPL-2.0-or-later AND (MIT OR Zlib)"],
    ["GPLv2+ and LGPLv2+", "GPL-2.0-or-later AND LGPL-2.0-or-later"],
    ["GPL-2.0-only WITH Linux-syscall-note", "GPL-2.0-only WITH Linux-syscall-note"],
    ["GPL-2.0", "GPL-2.0-only"],
    ["ASL 2.0", undefined],
    ["custom", undefined],
    ["MIT and", undefined],
    ["", undefined],
  ])("%s", (text, expression) => {
    const hint = `the package says: ${text}`
    expect(parseExpression(text)).toEqual({
      texts: new Map(),
      ...(expression === undefined ? { hint } : { expression }),
    })
  })
})
