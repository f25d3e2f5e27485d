import { varyingPath } from "../../contract/index.ts"

/** What becomes of a path when a scratch machine is made into a layer. */
export type Fate = "keep" | "drop" | "skeleton"

/** The fate of a path, without its leading slash. */
export const fateOf = (path: string): Fate => varyingPath(`/${path}`)?.inImage ?? "keep"
