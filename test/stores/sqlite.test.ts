import { once } from "node:events"
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { NewEvent } from "../../src/contract/index.ts"
import { type SqliteStore, sqliteStore } from "../../src/stores/index.ts"
import { notesOn } from "../../src/stores/sqlite.ts"
import { run, start } from "../../src/system/process.ts"
import { storeSuite } from "../../src/testing/store-suite.ts"

storeSuite("sqlite", async () => {
  const directory = await mkdtemp(join(tmpdir(), "fireclay-store-"))
  return { open: () => sqliteStore({ directory }), dispose: () => rm(directory, { recursive: true }) }
})

describe("sqliteStore", () => {
  let directory: string
  let store: SqliteStore
  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), "fireclay-sqlite-")), "state")
    store = sqliteStore({ directory, who: "me@here" })
  })
  afterEach(async () => {
    await store.close()
    await rm(join(directory, ".."), { recursive: true })
  })

  const event = (index: number): NewEvent => ({ fleet: "web", kind: "a", body: { index } })
  const sql = (text: string): void => {
    const other = new DatabaseSync(join(directory, "fireclay.db"))
    other.exec(text)
    other.close()
  }

  it.each([
    ["a changed body", `UPDATE events SET body = '{"index":9}' WHERE number = 3`, 3, "changed"],
    ["a body that is no JSON", "UPDATE events SET body = '{' WHERE number = 3", 3, "changed"],
    ["a changed time", "UPDATE events SET at = '2020-01-01T00:00:00.000Z' WHERE number = 1", 1, "changed"],
    ["a changed name", "UPDATE events SET who = 'eve@there' WHERE number = 5", 5, "changed"],
    ["a deleted row", "DELETE FROM events WHERE number = 2", 2, "missing"],
    ["a deleted last row", "DELETE FROM events WHERE number = 5", 5, "cut-off"],
    ["all rows deleted", "DELETE FROM events", 1, "cut-off"],
    [
      "a changed order",
      `UPDATE events SET number = 99 WHERE number = 2; UPDATE events SET number = 2 WHERE number = 4;
       UPDATE events SET number = 4 WHERE number = 99`,
      2,
      "changed",
    ],
    [
      "a row from elsewhere",
      "INSERT INTO events SELECT 6, at, fleet, kind, who, body, hash FROM events WHERE number = 5",
      6,
      "added",
    ],
  ])("verify finds %s", async (_name, edit, number, how) => {
    await store.append([1, 2, 3, 4, 5].map(event))
    expect(await store.verify()).toBeUndefined()
    sql(edit)
    expect(await store.verify()).toEqual({ number, how })
    expect(await store.verify()).toEqual({ number, how })
  })
  it("refuses to append over a row from elsewhere, and changes nothing", async () => {
    await store.append([event(1)])
    sql("INSERT INTO events SELECT 2, at, fleet, kind, who, body, hash FROM events")
    await expect(store.append([event(2)])).rejects.toMatchObject({ code: "FC_STORE_EDITED" })
    expect(await store.events()).toHaveLength(2)
  })
  it("appends without gaps from 4 processes, each pair of events together", { timeout: 60_000 }, async () => {
    const script = join(import.meta.dirname, "appender.ts")
    const ended = await Promise.all(
      ["a", "b", "c", "d"].map((name) => run([process.execPath, script, directory, name, "50"])),
    )
    expect(ended.map(({ exitCode, stderr }) => `${exitCode} ${stderr}`)).toEqual(["0 ", "0 ", "0 ", "0 "])
    const events = await store.events()
    expect(events.map(({ number }) => number)).toEqual(Array.from({ length: 400 }, (_, index) => index + 1))
    expect(await store.verify()).toBeUndefined()
    for (const name of ["a", "b", "c", "d"]) {
      const own = events.filter(({ fleet }) => fleet === name)
      expect(own.map(({ body }) => body.index)).toEqual(
        Array.from({ length: 100 }, (_, index) => Math.floor(index / 2)),
      )
      const firsts = own.filter(({ kind }) => kind === "first")
      for (const { number } of firsts) expect(events[number]).toMatchObject({ fleet: name, kind: "second" })
    }
  })
  it("waits while another process makes a new one of it", async () => {
    await mkdir(directory)
    const maker = `
      const { DatabaseSync } = require("node:sqlite")
      const other = new DatabaseSync(process.argv[1])
      other.exec("CREATE TABLE another (a)")
      other.exec("BEGIN IMMEDIATE")
      console.log("making")
      setTimeout(() => other.exec("COMMIT"), 300)`
    const other = start([process.execPath, "-e", maker, join(directory, "fireclay.db")], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    await once(other.stdout ?? other, "data")
    await store.append([event(1)])
    expect(await store.events()).toHaveLength(1)
    await once(other, "close")
  })

  it("keeps everything for its owner only", async () => {
    await store.append([event(1)])
    await store.putBlob(Buffer.from("x"))
    for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
      const mode = (await stat(join(entry.parentPath, entry.name))).mode & 0o777
      expect(`${entry.name} ${mode.toString(8)}`).toBe(`${entry.name} ${entry.isDirectory() ? "700" : "600"}`)
    }
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
    expect(await readdir(directory)).toContain("fireclay.db-wal")
  })
  it("keeps blobs as files under their digest, and leaves no temporary ones", async () => {
    const digest = await store.putBlob(Buffer.from("hello"))
    const folder = join(directory, "blobs/sha256", digest.slice(0, 2))
    expect(await readdir(folder)).toEqual([digest])
    expect(await readFile(join(folder, digest), "utf8")).toBe("hello")
    await writeFile(join(folder, digest), "hullo")
    await expect(store.blob(digest)).rejects.toMatchObject({ code: "FC_STORE_EDITED" })
    await writeFile(join(folder, digest), "cut")
    await store.putBlob(Buffer.from("hello"))
    expect(Buffer.from((await store.blob(digest)) ?? []).toString()).toBe("hello")
  })
  it("does nothing until it is used, and nothing after it was closed", async () => {
    await expect(stat(directory)).rejects.toMatchObject({ code: "ENOENT" })
    await store.events()
    await store.close()
    await store.close()
    await expect(store.events()).rejects.toMatchObject({ code: "FC_STORE" })
  })
  it("says what is wrong with a file that is no database", async () => {
    await mkdir(directory)
    await writeFile(join(directory, "fireclay.db"), "not a database, but long enough to be read as one ".repeat(99))
    await expect(store.events()).rejects.toMatchObject({ code: "FC_STORE", at: directory })
  })
  it("says so when its directory cannot be made", async () => {
    await writeFile(directory, "a file")
    await expect(store.append([event(1)])).rejects.toMatchObject({ code: "FC_STORE", at: directory })
    await rm(directory)
  })
  it("does not touch the state of a newer Fireclay", async () => {
    await store.append([event(1)])
    await store.close()
    sql("PRAGMA user_version = 99")
    store = sqliteStore({ directory })
    await expect(store.append([event(2)])).rejects.toMatchObject({ code: "FC_STORE", message: /newer/ })
  })
  it("gives a store of the first version an identity, and keeps all that is in it", async () => {
    await store.append([event(1)])
    const identity = await store.identity()
    const before = await store.events()
    await store.close()
    sql("DROP TABLE identity; PRAGMA user_version = 1")
    const stores = [1, 2, 3].map(() => sqliteStore({ directory }))
    const identities = await Promise.all(stores.map((each) => each.identity()))
    expect(new Set(identities).size).toBe(1)
    expect(identities[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(identities[0]).not.toBe(identity)
    expect([await stores[0]?.events(), await stores[1]?.verify()]).toEqual([before, undefined])
    for (const each of stores) await each.close()
  })
  it("warns of a SQLite with the fault, and only of that", () => {
    expect(store.notes).toEqual(notesOn(process.versions.sqlite))
    expect(notesOn("3.51.2")[0]).toContain("3.51.2")
    expect(notesOn("3.50.9")).toHaveLength(1)
    expect(notesOn(undefined)).toHaveLength(1)
    for (const mended of ["3.51.3", "3.52.0", "4.0.0"]) expect(notesOn(mended)).toEqual([])
  })
})
