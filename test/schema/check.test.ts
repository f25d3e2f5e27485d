import { describe, expect, it } from "vitest"
import { z } from "zod"
import { check } from "../../src/schema/check.ts"
import { port } from "../../src/schema/fields.ts"
import { caught } from "../support/catch.ts"

const inner = z.strictObject({ path: z.string(), within: z.number().optional() })
const schema = z.strictObject({
  name: z.string().optional(),
  port: port.optional(),
  health: inner.optional(),
  wrapped: inner.transform(({ path }) => path).optional(),
  defaulted: inner.default({ path: "/" }),
  list: z.array(inner).default([]),
  table: z.record(z.string(), inner).default({}),
  either: z.union([z.string(), z.array(inner)]).optional(),
})

interface Row {
  readonly value: unknown
  readonly code: string
  readonly at: string
  readonly remedy?: string | undefined
}

const rows: readonly Row[] = [
  { value: { nmae: "x" }, code: "FC_SPEC_UNKNOWN_KEY", at: "spec.nmae", remedy: 'did you mean "name"?' },
  {
    value: { completely: 1 },
    code: "FC_SPEC_UNKNOWN_KEY",
    at: "spec.completely",
    remedy: "known here: name, port, health, wrapped, defaulted, list, table, either",
  },
  ...["health", "wrapped", "defaulted"].map((key) => ({
    value: { [key]: { path: "/", witin: 1 } },
    code: "FC_SPEC_UNKNOWN_KEY",
    at: `spec.${key}.witin`,
    remedy: 'did you mean "within"?',
  })),
  {
    value: { list: [{ path: "/" }, { path: "/", pth: 1 }] },
    code: "FC_SPEC_UNKNOWN_KEY",
    at: "spec.list[1].pth",
    remedy: 'did you mean "path"?',
  },
  {
    value: { table: { one: { path: "/", witin: 1 } } },
    code: "FC_SPEC_UNKNOWN_KEY",
    at: "spec.table.one.witin",
    remedy: 'did you mean "within"?',
  },
  {
    value: { either: [{ path: "/", witin: 1 }] },
    code: "FC_SPEC_UNKNOWN_KEY",
    at: "spec.either[0].witin",
    remedy: 'did you mean "within"?',
  },
  { value: { name: 1 }, code: "FC_SPEC_VALUE", at: "spec.name" },
  { value: { list: [{}] }, code: "FC_SPEC_VALUE", at: "spec.list[0].path" },
  { value: { either: [{ path: 1 }] }, code: "FC_SPEC_VALUE", at: "spec.either[0].path" },
  { value: { port: 0 }, code: "FC_SPEC_PORT", at: "spec.port", remedy: "use a whole number from 1 to 65535" },
  { value: undefined, code: "FC_SPEC_VALUE", at: "spec" },
  { value: "text", code: "FC_SPEC_VALUE", at: "spec" },
]

describe("what is wrong", () => {
  it.each(rows)("is named with its place: $at for $value", async ({ value, code, at, remedy }) => {
    const error = await caught(() => check(schema, value, "spec"))
    expect({ code: error.code, at: error.at, remedy: error.remedy }).toEqual({ code, at, remedy })
  })
})

describe("what is right", () => {
  it("comes back as the schema makes it", () => {
    expect(check(schema, { wrapped: { path: "/x" }, port: 80 }, "spec")).toEqual({
      wrapped: "/x",
      port: 80,
      defaulted: { path: "/" },
      list: [],
      table: {},
    })
  })
})
