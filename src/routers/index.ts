export type { HealthCheck } from "./haproxy/config.ts"
export { type HaproxyOptions, haproxyRouter } from "./haproxy/index.ts"
export { type MemoryRouterOptions, memoryRouter } from "./memory.ts"
