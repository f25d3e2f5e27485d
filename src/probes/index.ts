export { httpProbe } from "./http.ts"
export { type Load, type LoadOptions, startLoad } from "./load.ts"
export { type ClassTimes, type LoadResult, mixedSeconds, secondsToAllOnClass, secondsToClass } from "./result.ts"
