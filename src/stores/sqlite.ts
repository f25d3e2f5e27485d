import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs"
import { join, resolve } from "node:path"
import type { DatabaseSync } from "node:sqlite"
import {
  FireclayError,
  isFireclayError,
  type Lease,
  type LeaseHolder,
  type LogFault,
  type NewEvent,
  type Store,
  type StoredEvent,
} from "../contract/index.ts"
import { putBlobFile, readBlobFile } from "./blobs.ts"
import { canonicalJson, chain, firstFault, type Head, whoAmI } from "./chain.ts"
import { leaseLost, mayTake } from "./lease.ts"
import { migrations, schema, schemaVersion } from "./schema.ts"

export interface SqliteStore extends Store {
  /** What a user should know about this store, for example a SQLite with a known fault. */
  readonly notes: readonly string[]
}

export interface SqliteStoreOptions {
  /** Made when it is missing, for its owner only. */
  readonly directory: string
  /** Who appends. Absent: `user@host`. */
  readonly who?: string
}

/**
 * A store in one directory: `fireclay.db` and `blobs/`. Several processes may use it at the same time. It is opened at
 * the first use, and every change is on disk when its promise is kept.
 *
 * @throws FireclayError FC_STORE, from every method, when it cannot be read or written
 */
export const sqliteStore = (options: SqliteStoreOptions): SqliteStore => {
  const directory = resolve(options.directory)
  const database = new Database(join(directory, "fireclay.db"), directory, options.who ?? whoAmI())
  const attempt = <T>(work: () => T | Promise<T>): Promise<T> => attemptAt(directory, work)
  return {
    notes: notesOn(process.versions.sqlite),
    identity: () => attempt(() => database.identity()),
    append: (events, under) => attempt(() => database.append(events, under)),
    events: (filter) => attempt(() => database.events(filter)),
    verify: () => attempt(() => database.verify()),
    acquire: (fleet, holder, isDead, above) => attempt(() => database.acquire(fleet, holder, isDead, above)),
    holder: (fleet) => attempt(() => database.holder(fleet)),
    renew: (lease, expires) => attempt(() => database.renew(lease, expires)),
    release: (lease) => attempt(() => database.release(lease)),
    putBlob: (bytes) => attempt(() => putBlobFile(directory, bytes)),
    blob: (digest) => attempt(() => readBlobFile(directory, digest)),
    close: () => attempt(() => database.close()),
  }
}

/** Pure: what is known about a version of SQLite. */
export const notesOn = (version: string | undefined): readonly string[] => {
  const [major = 0, minor = 0, patch = 0] = (version ?? "").split(".").map(Number)
  const mended = major > 3 || (major === 3 && (minor > 51 || (minor === 51 && patch >= 3)))
  return mended
    ? []
    : [`SQLite ${version ?? "of this Node"} can damage a database in WAL mode; update Node to get 3.51.3 or later`]
}

type Row = Readonly<Record<string, string | number | null>>

class Database {
  readonly #path: string
  readonly #directory: string
  readonly #who: string
  #handle: DatabaseSync | undefined
  #closed = false

  constructor(path: string, directory: string, who: string) {
    this.#path = path
    this.#directory = directory
    this.#who = who
  }

  identity(): string {
    return String((this.#open().prepare("SELECT id FROM identity").get() as Row | undefined)?.id)
  }

  append(events: readonly NewEvent[], under?: Lease): readonly StoredEvent[] {
    return this.#transaction((open) => {
      if (under !== undefined && !isHeld(open, under)) throw leaseLost(under)
      const insert = open.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)")
      const added: StoredEvent[] = []
      let head = headOf(open)
      for (const event of events) {
        const place = { number: head.number + 1, at: new Date().toISOString(), who: this.#who, previous: head.hash }
        const stored = chain(event, place)
        const { number, at, fleet, kind, who, body, hash } = stored
        insert.run(number, at, fleet, kind, who, canonicalJson(body), hash)
        added.push(stored)
        head = { number, hash }
      }
      open.prepare("UPDATE head SET number = ?, hash = ?").run(head.number, head.hash)
      return added
    })
  }

  events(filter: { readonly fleet?: string; readonly kind?: string } = {}): readonly StoredEvent[] {
    const wanted = (["fleet", "kind"] as const).flatMap((column) => {
      const value = filter[column]
      return value === undefined ? [] : [{ column, value }]
    })
    const where = wanted.length === 0 ? "" : `WHERE ${wanted.map(({ column }) => `${column} = ?`).join(" AND ")}`
    return this.#open()
      .prepare(`SELECT * FROM events ${where} ORDER BY number`)
      .all(...wanted.map(({ value }) => value))
      .map((row) => eventOf(row as Row))
  }

  verify(): LogFault | undefined {
    const open = this.#open()
    // One view of both tables, while others append.
    open.exec("BEGIN")
    try {
      return firstFault(eachEvent(open), headOf(open))
    } finally {
      open.exec("COMMIT")
    }
  }

  acquire(
    fleet: string,
    holder: LeaseHolder,
    isDead: (holder: LeaseHolder) => boolean,
    above = 0,
  ): { readonly lease: Lease } | { readonly heldBy: LeaseHolder } {
    return this.#transaction((open) => {
      const row = open.prepare("SELECT token, holder FROM leases WHERE fleet = ?").get(fleet) as Row | undefined
      if (typeof row?.holder === "string") {
        const heldBy = JSON.parse(row.holder) as LeaseHolder
        if (!mayTake(heldBy, Date.now(), isDead)) return { heldBy }
      }
      const token = Math.max(Number(row?.token ?? 0), above) + 1
      open
        .prepare(
          "INSERT INTO leases VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET token = excluded.token, holder = excluded.holder",
        )
        .run(fleet, token, JSON.stringify(holder))
      return { lease: { fleet, token } }
    })
  }

  holder(fleet: string): LeaseHolder | undefined {
    const row = this.#open().prepare("SELECT holder FROM leases WHERE fleet = ?").get(fleet) as Row | undefined
    return typeof row?.holder === "string" ? (JSON.parse(row.holder) as LeaseHolder) : undefined
  }

  renew({ fleet, token }: Lease, expires: string): boolean {
    const { changes } = this.#open()
      .prepare(
        "UPDATE leases SET holder = json_set(holder, '$.expires', ?) WHERE fleet = ? AND token = ? AND holder IS NOT NULL",
      )
      .run(expires, fleet, token)
    return Number(changes) === 1
  }

  release({ fleet, token }: Lease): void {
    this.#open().prepare("UPDATE leases SET holder = NULL WHERE fleet = ? AND token = ?").run(fleet, token)
  }

  close(): void {
    this.#closed = true
    this.#handle?.close()
    this.#handle = undefined
  }

  /** Takes the write lock before it reads, so that nobody writes between. */
  #transaction<T>(work: (open: DatabaseSync) => T): T {
    const open = this.#open()
    open.exec("BEGIN IMMEDIATE")
    try {
      const result = work(open)
      open.exec("COMMIT")
      return result
    } catch (error) {
      if (open.isTransaction) open.exec("ROLLBACK")
      throw error
    }
  }

  #open(): DatabaseSync {
    if (this.#closed) throw new FireclayError("FC_STORE", "the store was closed", { at: this.#directory })
    if (this.#handle !== undefined) return this.#handle
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
    chmodSync(this.#directory, 0o700)
    // SQLite would make it readable for all; the files that it puts beside get the mode of this one.
    closeSync(openSync(this.#path, "a", 0o600))
    // Loaded here: most commands that import this file never open a store.
    const { DatabaseSync: Handle } = process.getBuiltinModule("node:sqlite")
    const handle = new Handle(this.#path, { timeout: 10_000 })
    try {
      prepare(handle, this.#path)
    } catch (error) {
      handle.close()
      throw error
    }
    this.#handle = handle
    return handle
  }
}

/** Makes the tables in a new database, adds to those of an earlier version; in a known one it writes nothing. */
const prepare = (handle: DatabaseSync, path: string): void => {
  const version = (): number => Number((handle.prepare("PRAGMA user_version").get() as Row).user_version)
  handle.exec("PRAGMA synchronous = FULL")
  if (version() > schemaVersion)
    throw new FireclayError("FC_STORE", "the project's state was written by a newer Fireclay", {
      at: path,
      remedy: "update Fireclay on this machine",
    })
  if (version() === schemaVersion) return
  useWal(handle, 10_000)
  handle.exec("BEGIN IMMEDIATE")
  // Another process may have made them while this one waited.
  const found = version()
  if (found === 0) handle.exec(schema)
  else for (const migration of migrations.slice(found - 1)) handle.exec(migration)
  if (found < schemaVersion) handle.exec(`PRAGMA user_version = ${schemaVersion}`)
  handle.exec("COMMIT")
}

/** Two processes that change a new database's mode at once would wait for each other: SQLite lets one fail without waiting. */
const useWal = (handle: DatabaseSync, patienceMs: number): void => {
  const until = Date.now() + patienceMs
  for (;;) {
    try {
      handle.exec("PRAGMA journal_mode = WAL")
      return
    } catch (error) {
      if (!isBusy(error) || Date.now() >= until) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

/** https://www.sqlite.org/rescode.html#busy, and its extensions. */
const isBusy = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === 5

const isHeld = (open: DatabaseSync, { fleet, token }: Lease): boolean =>
  open.prepare("SELECT 1 FROM leases WHERE fleet = ? AND token = ? AND holder IS NOT NULL").get(fleet, token) !==
  undefined

const headOf = (open: DatabaseSync): Head => {
  const row = open.prepare("SELECT number, hash FROM head").get() as Row | undefined
  return { number: Number(row?.number), hash: String(row?.hash) }
}

const eventOf = (row: Row): StoredEvent => ({
  number: Number(row.number),
  at: String(row.at),
  fleet: String(row.fleet),
  kind: String(row.kind),
  who: String(row.who),
  body: readBody(String(row.body)),
  hash: String(row.hash),
})

/** One after the other: a long log is never in memory as a whole. */
function* eachEvent(open: DatabaseSync): Generator<StoredEvent> {
  for (const row of open.prepare("SELECT * FROM events ORDER BY number").iterate()) yield eventOf(row as Row)
}

/** An edit may leave what is no JSON; `verify` must be able to say so. */
const readBody = (text: string): StoredEvent["body"] => {
  try {
    return JSON.parse(text) as StoredEvent["body"]
  } catch {
    return { unreadable: text }
  }
}

const attemptAt = async <T>(directory: string, work: () => T | Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (cause) {
    if (isFireclayError(cause) || !isSystemError(cause)) throw cause
    if (/UNIQUE constraint failed: events/.test(cause.message))
      throw new FireclayError("FC_STORE_EDITED", "the event log has an event that was not appended by Fireclay", {
        at: directory,
        cause,
      })
    throw new FireclayError("FC_STORE", `the project's state could not be read or written: ${cause.message}`, {
      at: directory,
      remedy: `see that ${directory} is yours, and that its disk is not full`,
      cause,
    })
  }
}

/** Errors of SQLite and of the file system carry a code; a mistake in a caller's function does not. */
const isSystemError = (error: unknown): error is Error => error instanceof Error && "code" in error
