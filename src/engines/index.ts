export { localEngine } from "./local/engine.ts"
export type { LocalOptions } from "./local/place.ts"
export { type MemoryScript, memoryEngine } from "./memory.ts"
