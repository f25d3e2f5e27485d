import { genesis } from "./chain.ts"

export const schemaVersion = 2

const identity = `
CREATE TABLE identity (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id TEXT NOT NULL
) STRICT;
INSERT INTO identity VALUES (1, lower(hex(randomblob(16))));
`

/** From each earlier version to the next. */
export const migrations: readonly string[] = [identity]

/** A body is canonical JSON; a lease's holder is JSON, or NULL once it was released. */
export const schema = `
CREATE TABLE events (
  number INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  fleet TEXT NOT NULL,
  kind TEXT NOT NULL,
  who TEXT NOT NULL,
  body TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_fleet ON events (fleet, kind, number);
CREATE TABLE head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  number INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
INSERT INTO head VALUES (1, 0, '${genesis}');
CREATE TABLE leases (
  fleet TEXT PRIMARY KEY,
  token INTEGER NOT NULL,
  holder TEXT
) STRICT;
${identity}`
