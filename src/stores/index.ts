export { memoryStore } from "./memory.ts"
export { type SqliteStore, type SqliteStoreOptions, sqliteStore } from "./sqlite.ts"
