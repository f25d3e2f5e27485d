export { memoryStore } from "./memory.ts"
export { type SqliteStore, sqliteStore } from "./sqlite.ts"
