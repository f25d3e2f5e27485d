import type { Fleet } from "../../src/contract/index.ts"
import { defineProject, type UnnamedFleet } from "../../src/spec/index.ts"

/** A fleet as its project calls it. */
export const nameFleet = (unnamed: UnnamedFleet, name = "web"): Fleet => {
  const named = defineProject({ name: "project", fleets: { [name]: unnamed } }).fleets[name]
  if (named === undefined) throw new Error(`no fleet ${name}`)
  return named
}
