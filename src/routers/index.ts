export { type HaproxyOptions, haproxyRouter } from "./haproxy/index.ts"
export { memoryRouter } from "./memory.ts"
