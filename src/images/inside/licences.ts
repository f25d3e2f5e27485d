/** What is known of the terms that a package comes under. */
export interface Terms {
  /** An expression of SPDX; licences that have no identifier there are `LicenseRef-…`. */
  readonly expression?: string
  /** The text of each `LicenseRef-` in it, or where it is. */
  readonly texts: ReadonlyMap<string, string>
  /** Who holds the rights in the package as such. */
  readonly copyright?: string
  /** What is said where no expression can be. */
  readonly hint?: string
}

/**
 * Reads a package's `copyright`: in Debian's machine-readable form, what each paragraph says; in any other, no more than
 * which of the common licences it points to.
 *
 * @param name the package's
 */
export const parseCopyright = (text: string, name: string): Terms => {
  const paragraphs = text.split(/\n\s*\n/)
  if (!/^Format:/m.test(paragraphs[0] ?? "")) return pointers(text)
  const texts = new Map<string, string>()
  const expressions = new Set<string>()
  for (const paragraph of paragraphs) {
    const isStatement = /^(Files|Format):/m.test(paragraph)
    const licence = isStatement ? /^License:[ \t]*(\S.*)$/m.exec(paragraph)?.[1] : undefined
    if (licence !== undefined) expressions.add(toExpression(licence, { name, texts }))
  }
  const own = paragraphs.find((paragraph) => /^Files:\s*\*\s*$/m.test(paragraph))
  const copyright = own === undefined ? undefined : holders(own)
  const all = [...expressions].sort()
  return {
    texts,
    ...(all.length === 0 ? {} : { expression: all.length === 1 ? all[0] : all.map(grouped).join(" AND ") }),
    ...(copyright === undefined ? {} : { copyright }),
  } as Terms
}

/** What a database says of a licence by itself: an expression, if all its words are known. */
export const parseExpression = (text: string): Terms => {
  const words = text.match(/[()]|[^\s()]+/g) ?? []
  const known = words.map((word, index) => {
    if (/^[()]$/.test(word)) return word
    if (/^(and|or|with)$/i.test(word)) return word.toUpperCase()
    const isException = /^with$/i.test(words[index - 1] ?? "") && [...exceptions.values()].includes(word)
    return isException ? word : identifierOf(word)
  })
  const expression = known.join(" ").replaceAll("( ", "(").replaceAll(" )", ")")
  const isWhole = !known.includes(undefined) && expressionForm.test(expression)
  return { texts: new Map(), ...(isWhole ? { expression } : { hint: `the package says: ${text}` }) }
}

const expressionForm = /^\(*[A-Za-z0-9.+-]+\)*( (AND|OR|WITH) \(*[A-Za-z0-9.+-]+\)*)*$/

const pointers = (text: string): Terms => {
  const names = [...new Set([...text.matchAll(/\/usr\/share\/common-licenses\/([\w.-]*\w)/g)].map(([, each]) => each))]
  const hint = names.length === 0 ? {} : { hint: `points to /usr/share/common-licenses: ${names.sort().join(", ")}` }
  return { texts: new Map(), ...hint }
}

const holders = (paragraph: string): string | undefined => {
  const [, first = ""] = /^Copyright:[ \t]*((?:.*)(?:\n[ \t]+.*)*)/m.exec(paragraph) ?? []
  const lines = first.split("\n").map((line) => line.trim())
  return lines.some(Boolean) ? lines.filter(Boolean).join("\n") : undefined
}

interface Naming {
  readonly name: string
  readonly texts: Map<string, string>
}

/** `A or B, and C`: a comma binds less than what has none, and `and` more than `or`. */
export const toExpression = (said: string, naming: Naming): string => {
  if (said.split(/\s+/).length > 16 || /[.;"]\s|[.;:]$/.test(said)) return unnamed(naming)
  const each = (text: string, separators: readonly (readonly [RegExp, string])[]): string => {
    const [first, ...rest] = separators
    if (first === undefined) return toTerm(text.trim(), naming)
    const [separator, word] = first
    const parts = text.split(separator).filter((part) => part.trim() !== "")
    const all = [...new Set(parts.map((part) => each(part, rest)))]
    return all.length === 1 ? (all[0] ?? "") : all.map(grouped).join(` ${word} `)
  }
  return each(said, [
    [/,\s*and\s+/i, "AND"],
    [/,\s*or\s+/i, "OR"],
    [/\s+or\s+|\s*\|\s*/i, "OR"],
    [/\s+and\s+|\s*&\s*/i, "AND"],
  ])
}

const grouped = (expression: string): string => (/ (AND|OR) /.test(expression) ? `(${expression})` : expression)

const toTerm = (text: string, naming: Naming): string => {
  const [, licence = text, exception] = /^(\S+)\s+with\s+(.+?)(?:\s+exception)?$/i.exec(text) ?? []
  if (/\s/.test(licence)) return unnamed(naming)
  const known = identifierOf(licence)
  if (exception === undefined) return known ?? reference(text, naming)
  const exceptionId = exceptions.get(exception.toLowerCase())
  return known === undefined || exceptionId === undefined ? reference(text, naming) : `${known} WITH ${exceptionId}`
}

const exceptions: ReadonlyMap<string, string> = new Map([
  ["bison", "Bison-exception-2.2"],
  ["classpath", "Classpath-exception-2.0"],
  ["libtool", "Libtool-exception"],
  ["linux-syscall-note", "Linux-syscall-note"],
])

const reference = (text: string, { name, texts }: Naming): string => {
  const id = `LicenseRef-debian-${text.replaceAll(/[^A-Za-z0-9.]+/g, "-").replaceAll(/^-|-$/g, "")}`
  if (!texts.has(id)) texts.set(id, `Called "${text}" in /usr/share/doc/${name}/copyright.`)
  return id
}

const unnamed = ({ name, texts }: Naming): string => {
  const id = `LicenseRef-debian-terms-of-${name.replaceAll(/[^A-Za-z0-9.]+/g, "-")}`
  texts.set(id, `Terms without a short name in /usr/share/doc/${name}/copyright.`)
  return id
}

/** The identifier of SPDX for one of Debian's short names; `undefined`: nobody can tell from the name. */
export const identifierOf = (name: string): string | undefined => {
  const [, family = "", variant = "", version = "", later] =
    /^(GPL|LGPL|AGPL|GFDL)(-NIV)?-?v?(\d(?:\.\d)?)(?:\.0)?(\+|-only|-or-later)?$/i.exec(name) ?? []
  const full = version.includes(".") ? version : `${version}.0`
  const [kind, suffix] = [family.toUpperCase(), later === "+" || later === "-or-later" ? "or-later" : "only"]
  if (gnu.has(`${kind}-${full}`)) return `${kind}-${full}${variant === "" ? "" : "-no-invariants"}-${suffix}`
  return others.get(name.toLowerCase())
}

const gnu: ReadonlySet<string> = new Set(
  "GPL-1.0 GPL-2.0 GPL-3.0 LGPL-2.0 LGPL-2.1 LGPL-3.0 AGPL-3.0 GFDL-1.1 GFDL-1.2 GFDL-1.3".split(" "),
)

const others: ReadonlyMap<string, string> = new Map([
  ...(
    "0BSD AFL-2.1 Apache-1.1 Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause BSD-4-Clause BSD-4-Clause-UC BSL-1.0 " +
    "CC-BY-3.0 CC-BY-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC0-1.0 CDDL-1.0 EPL-1.0 EPL-2.0 FSFUL FSFULLR FTL ISC MIT MPL-1.1 " +
    "MPL-2.0 OFL-1.1 OpenSSL PSF-2.0 Python-2.0 Ruby Sleepycat Unlicense W3C WTFPL X11 Zlib curl"
  )
    .split(" ")
    .map((id) => [id.toLowerCase(), id] as const),
  ["expat", "MIT"],
  ["apache-2", "Apache-2.0"],
  ["artistic-2", "Artistic-2.0"],
  ["cc0", "CC0-1.0"],
  ["psf-2", "PSF-2.0"],
])
