import { describe, expect, it } from "vitest"
import type { z } from "zod"
import { argv, duration, environment, machinePath, mode, name, port } from "../../src/schema/fields.ts"

interface Field {
  readonly field: string
  readonly schema: z.ZodType
  /** Value and what it means. */
  readonly good: readonly (readonly [unknown, unknown])[]
  readonly bad: readonly unknown[]
}

const table: readonly Field[] = [
  {
    field: "duration",
    schema: duration,
    good: [
      ["500ms", 500],
      ["30s", 30_000],
      ["1.5m", 90_000],
      ["2h", 7_200_000],
      ["3d", 259_200_000],
      ["0s", 0],
    ],
    bad: ["", "30", "s", "-1s", "1 s", "1w", "1e3s", ".5s", "1..5s", 30, null],
  },
  {
    field: "port",
    schema: port,
    good: [
      [1, 1],
      [65_535, 65_535],
    ],
    bad: [0, 65_536, 1.5, -1, "80", Number.NaN],
  },
  {
    field: "machinePath",
    schema: machinePath,
    good: ["/", "/etc", "/srv/a b/ü", "/.hidden", "/a/..b/c", "/...", "/-rf"].map((path) => [path, path] as const),
    bad: ["", "etc", "./etc", "/etc/", "//etc", "/a//b", "/a/./b", "/a/../b", "/..", "/.", "/a\nb", "/a\0b"],
  },
  {
    field: "mode",
    schema: mode,
    good: [
      [0o644, 0o644],
      ["0644", 0o644],
      ["755", 0o755],
      ["04755", 0o4755],
      [0, 0],
    ],
    bad: ["rw-r--r--", "888", "7", 0o10000, -1, 0.5, "0o644"],
  },
  {
    field: "name",
    schema: name,
    good: ["app", "_apt", "www-data", "A1", "a".repeat(41)].map((text) => [text, text] as const),
    bad: ["", "1a", "-a", "a b", "a:b", "a/b", "a\nb", "a".repeat(42), "ü"],
  },
  {
    field: "argv",
    schema: argv,
    good: [
      [
        ["a", " b", "$c"],
        ["a", " b", "$c"],
      ],
    ],
    bad: [[], [""], ["a", ""], "a b"],
  },
  {
    field: "environment",
    schema: environment,
    good: [[{ A_1: "x=y" }, { A_1: "x=y" }]],
    bad: [{ "1A": "" }, { "A-B": "" }, { "": "" }, { A: 1 }],
  },
]

describe.each(table)("$field", ({ schema, good, bad }) => {
  it.each(good)("takes %j as %j", (value, meaning) => {
    expect(schema.parse(value)).toEqual(meaning)
  })

  it.each(bad.map((value) => [value]))("refuses %j", (value) => {
    expect(schema.safeParse(value).success).toBe(false)
  })
})
