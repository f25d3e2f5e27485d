export type { Classify } from "./attempts.ts"
export { outsideCheck } from "./check.ts"
export { httpProbe } from "./http.ts"
export { type LoadOptions, mostConnections, startLoad } from "./load.ts"
export { type Mix, type MixKind, type MixOptions, type MixResult, mixKinds, startMix } from "./mix.ts"
export type { Load } from "./open-loop.ts"
export {
  type ClassTimes,
  type LoadResult,
  longestGapIn,
  mixedSeconds,
  percentilesOf,
  rowsBetween,
  secondsToAllOnClass,
  secondsToClass,
} from "./result.ts"
export type { SocketsResult } from "./sockets.ts"
