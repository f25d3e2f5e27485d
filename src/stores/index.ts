export { firstFault } from "./chain.ts"
export { memoryStore } from "./memory.ts"
export { readSealKey } from "./seal-key.ts"
export { type SqliteStore, sqliteStore } from "./sqlite.ts"
