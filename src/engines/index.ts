export { type DockerOptions, dockerEngine } from "./docker/engine.ts"
export { localEngine } from "./local/engine.ts"
export type { LocalOptions } from "./local/place.ts"
export { type MemoryScript, memoryEngine } from "./memory.ts"
