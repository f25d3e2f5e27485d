import type { Json, StoredEvent } from "../../../src/contract/index.ts"

/** What is written into a log: on which day, what, and what of it. */
export type Said = readonly [day: number, kind: string, body?: { readonly [name: string]: Json }]

const dayMs = 86_400_000
export const dayOne = Date.parse("2026-01-01T00:00:00Z")

/** ISO 8601. @param day from 0; parts of one are hours */
export const day = (number: number): string => new Date(dayOne + number * dayMs).toISOString()

export const nowMs = (number: number): number => dayOne + number * dayMs

export const logOf = (said: readonly Said[], fleet = "web"): readonly StoredEvent[] =>
  said.map(([at, kind, body = {}], index) => ({
    ...{ number: index + 1, at: day(at), fleet, who: "ann@laptop", hash: "" },
    ...{ kind, body },
  }))

let rollouts = 0

interface Way {
  readonly delivery?: "in-place" | "replace"
  readonly from?: number | null
  readonly machines?: number
  readonly seconds?: number
}

/** A rollout from its beginning to its end, a moment later. */
export const rollout = (
  at: number,
  to: number,
  end: string | null = "finished",
  { delivery = "in-place", from = to === 1 ? null : to - 1, machines = 2, seconds = 10 }: Way = {},
  more: { readonly [name: string]: Json } = {},
): readonly Said[] => {
  rollouts += 1
  const body = { rollout: `r${rollouts}`, from, to }
  const versions = Object.fromEntries(Array.from({ length: machines }, (_, index) => [`m${index + 1}`, to]))
  const ended = end === "finished" ? { seconds, versions, ...more } : more
  const started: Said = [at, "rollout.started", { ...body, delivery, strategy: "rolling" }]
  return end === null ? [started] : [started, [at + seconds / 86_400, `rollout.${end}`, { ...body, ...ended }]]
}

export const release = (
  at: number,
  number: number,
  files: { readonly [id: string]: string } = { "file:/etc/a": String(number) },
  more: { readonly [name: string]: Json } = {},
): Said => [
  at,
  "release.created",
  {
    number,
    digest: `sha256:${number}`,
    manifest: {
      ...{ spec: "web", base: { os: "debian" }, volumes: [], scratch: [] },
      resources: Object.entries(files).map(([id, content]) => ({
        ...{ type: id.split(":")[0] ?? "", id, want: {}, contents: [{ sha256: content, size: 1 }] },
      })),
      ...more,
    },
  },
]

/** Found on a machine; nothing: it is as it was delivered again. */
export const found = (at: number, machine: string, ...files: readonly string[]): Said => [
  at,
  "drift.found",
  { machine, release: 1, declared: [], undeclared: files.map((what) => ({ kind: "file", what, change: "added" })) },
]
