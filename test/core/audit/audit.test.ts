import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { readExportedLog } from "../../../src/builtin/exported-log.ts"
import { parseAnchor, renderAnchor } from "../../../src/core/audit/anchor.ts"
import { auditLog, auditStore } from "../../../src/core/audit/audit.ts"
import { exportLog } from "../../../src/core/audit/export.ts"
import { createRelease, readFleet } from "../../../src/core/ledger.ts"
import { bundle } from "../../../src/core/release.ts"
import { file } from "../../../src/resources/index.ts"
import { spec } from "../../../src/spec/index.ts"
import { chain, genesis } from "../../../src/stores/chain.ts"
import { type SqliteStore, sqliteStore } from "../../../src/stores/index.ts"

let directory: string
let store: SqliteStore
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "fireclay-audit-"))
  store = sqliteStore({ directory, who: "ann@laptop" })
})
afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

const fill = async (): Promise<void> => {
  const web = spec("web", { resources: [file("/etc/motd", { content: "hello" })] })
  await createRelease(store, await readFleet(store, "web"), await bundle(web, directory))
  await store.append([1, 2, 3].map((n) => ({ fleet: "web", kind: "rollout.started", body: { rollout: "r", to: n } })))
}

const sql = (text: string): void => {
  const other = new DatabaseSync(join(directory, "fireclay.db"))
  other.exec(text)
  other.close()
}

const faultsWith = async (...anchors: readonly string[]) => (await auditStore(store, anchors.map(parseAnchor))).faults

const anchorNow = async (): Promise<string> => String((await auditStore(store, [])).anchor)

describe("auditStore", () => {
  it("finds nothing in a log that nobody touched, and gives an anchor that holds ever after", async () => {
    await fill()
    const audited = await auditStore(store, [])
    expect(audited).toMatchObject({ events: 4, files: 1, faults: [] })
    await store.append([{ fleet: "db", kind: "fleet.destroyed", body: {} }])
    expect(await faultsWith(String(audited.anchor), await anchorNow())).toEqual([])
  })

  it("has no anchor for an empty log", async () => {
    expect(await auditStore(store, [])).toEqual({ store: await store.identity(), events: 0, faults: [], files: 0 })
  })

  it.each([
    [
      "an edit",
      "UPDATE events SET who = 'eve@there' WHERE number = 2",
      "event 2 was changed, or does not stand where it stood",
    ],
    ["a deletion", "DELETE FROM events WHERE number = 2", "event 2 was taken out"],
    ["a truncation", "DELETE FROM events WHERE number > 2", "event 3 and all after it were cut off"],
    [
      "a reordering",
      `UPDATE events SET number = 9 WHERE number = 2; UPDATE events SET number = 2 WHERE number = 3;
       UPDATE events SET number = 3 WHERE number = 9`,
      "event 2 was changed, or does not stand where it stood",
    ],
  ])("finds %s", async (_, edit, fault) => {
    await fill()
    sql(edit)
    expect(await faultsWith()).toEqual([fault])
  })

  it("finds by an anchor what whoever can write the log can hide from the chain", async () => {
    await fill()
    const anchor = await anchorNow()
    sql(
      "DELETE FROM events WHERE number = 4; UPDATE head SET number = 3, hash = (SELECT hash FROM events WHERE number = 3)",
    )
    expect(await faultsWith()).toEqual([])
    expect(await faultsWith(anchor)).toEqual(["the anchor of 4 events does not hold: the log has no event 4 any more"])
    const [third] = (await store.events()).slice(-1)
    const forged = chain(
      { fleet: "web", kind: "rollout.started", body: { rollout: "other", to: 3 } },
      { number: 4, at: "2026-01-01T00:00:00.000Z", who: "ann@laptop", previous: third?.hash ?? genesis },
    )
    const row = [
      forged.number,
      forged.at,
      forged.fleet,
      forged.kind,
      forged.who,
      JSON.stringify(forged.body),
      forged.hash,
    ]
    const other = new DatabaseSync(join(directory, "fireclay.db"))
    other.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)").run(...row)
    other.prepare("UPDATE head SET number = 4, hash = ?").run(forged.hash)
    other.close()
    expect(await faultsWith()).toEqual([])
    expect(await faultsWith(anchor)).toEqual([
      "the anchor of 4 events does not hold: event 4, or one before it, is not what it was",
    ])
  })

  it("finds an anchor of another log", async () => {
    await fill()
    expect(await faultsWith(`${"a".repeat(32)}:1:${"0".repeat(64)}`)).toEqual([
      "the anchor of 1 events does not hold: it is of another log",
    ])
  })

  it.each([
    ["missing", (path: string) => rm(path), "a release's file is missing"],
    ["changed", (path: string) => writeFile(path, "other"), "a release's file was changed"],
  ])("finds a release's file that is %s", async (_, harm, fault) => {
    await fill()
    const digest = await store.putBlob(Buffer.from("hello"))
    await harm(join(directory, "blobs", "sha256", digest.slice(0, 2), digest))
    expect(await faultsWith()).toEqual([`${fault}: sha256 ${digest}`])
  })
})

describe("parseAnchor", () => {
  it("reads what renderAnchor writes", () => {
    const anchor = { store: "a".repeat(32), number: 7, hash: "0b".repeat(32) }
    expect(parseAnchor(`${renderAnchor(anchor)}\n`)).toEqual(anchor)
  })

  it.each(["", "1:2", `${"a".repeat(32)}:0:${"0".repeat(64)}`, `${"a".repeat(32)}:1:xyz`])("refuses %j", (text) => {
    expect(() => parseAnchor(text)).toThrowError(expect.objectContaining({ code: "FC_USAGE" }))
  })
})

describe("an exported log", () => {
  const exported = async (edit: (lines: string[]) => readonly string[] = (lines) => lines) => {
    await fill()
    const path = join(directory, "log.jsonl")
    await writeFile(
      path,
      edit([...(await exportLog(store))])
        .map((line) => `${line}\n`)
        .join(""),
    )
    return path
  }

  it("is whole where the log is", async () => {
    const log = await readExportedLog(await exported())
    expect(auditLog(log, [parseAnchor(await anchorNow())])).toEqual({
      store: await store.identity(),
      events: 4,
      anchor: await anchorNow(),
      faults: [],
      files: 0,
    })
  })

  it.each<readonly [string, (lines: string[]) => readonly string[], readonly string[]]>([
    [
      "an edit",
      (lines) => lines.map((line, at) => (at === 1 ? line.replace("ann@", "eve@") : line)),
      ["event 2 was changed, or does not stand where it stood"],
    ],
    ["a deletion", (lines) => lines.toSpliced(1, 1), ["event 2 was taken out"]],
    ["a reordering", ([one = "", two = "", ...rest]) => [two, one, ...rest], ["event 1 was taken out"]],
    [
      "a repeated line",
      ([one = "", ...rest]) => [one, one, ...rest],
      ["event 1 was changed, or does not stand where it stood"],
    ],
  ])("shows %s", async (_, edit, faults) => {
    expect(auditLog(await readExportedLog(await exported(edit)), []).faults).toEqual(faults)
  })

  it("shows a cut-off end by an anchor only", async () => {
    const log = await readExportedLog(await exported((lines) => lines.slice(0, 3)))
    expect(auditLog(log, []).faults).toEqual([])
    expect(auditLog(log, [parseAnchor(await anchorNow())]).faults).toHaveLength(1)
  })

  it.each([
    ["no JSON", (lines: string[]) => ["{", ...lines], ":1"],
    ["another kind of line", (lines: string[]) => [...lines, `{"a":1}`], ":5"],
    ["lines of two logs", ([one = "", ...rest]: string[]) => [one.replace(/"store":"./, `"store":"x`), ...rest], ":2"],
  ])("is refused with %s, and the place is named", async (_, edit, place) => {
    const path = await exported(edit)
    await expect(readExportedLog(path)).rejects.toMatchObject({ code: "FC_USAGE", at: `${path}${place}` })
  })

  it("is refused when it is not there", async () => {
    await expect(readExportedLog(join(directory, "none"))).rejects.toMatchObject({ code: "FC_USAGE" })
  })
})
