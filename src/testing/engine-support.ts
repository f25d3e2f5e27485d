import { expect } from "vitest"
import type { Base, Engine, Image, InstanceWant, Machine, Output } from "../contract/index.ts"

/** What an engine under test can do, so that nothing is asked of it that it does not claim. */
export interface EngineCapabilities {
  /** Its machines run real scripts. Without, only the book-keeping is tested. */
  readonly runsShell: boolean
  /** Instances of an image are read-only but for volumes and scratch directories. */
  readonly readOnlyInstances: boolean
  /**
   * Everything on this host that an engine could leave behind, one line each: links, mounts, namespaces, processes,
   * packet filter rules, directories. Compared from before the first call to after `destroy`.
   */
  readonly hostState?: () => Promise<readonly string[]>
}

export interface EngineContext {
  readonly engine: Engine
  /** Another engine of the same project, as a later run of the controller has one. */
  readonly again: () => Engine
  readonly capabilities: EngineCapabilities
}

export const base: Base = { distribution: "debian", suite: "bookworm", include: [] }

/** Milliseconds for a test that makes machines. */
export const patient = 300_000

export const data = { name: "data", path: "/srv/data" } as const

export const wanted = (name: string, from: InstanceWant["from"]): InstanceWant => ({
  name,
  from,
  fleet: "suite",
  volumes: [],
  scratch: [],
})

export const bake = async (engine: Engine, from: InstanceWant["from"], script: string): Promise<Image> => {
  const scratch = await engine.openScratch(from)
  try {
    await must(scratch.machine, script)
    return await scratch.commit()
  } finally {
    await scratch.discard()
  }
}

export const must = async (machine: Machine, script: string): Promise<string> => {
  const output = await machine.sh(script)
  expect({ exitCode: output.exitCode, stderr: output.stderr.toString() }).toEqual({ exitCode: 0, stderr: "" })
  return output.stdout.toString()
}

export const onScratch = async (engine: Engine, image: Image, script: string): Promise<string> => {
  const scratch = await engine.openScratch({ image: image.digest })
  try {
    return await must(scratch.machine, script)
  } finally {
    await scratch.discard()
  }
}

export const shell = async (engine: Engine, name: string, script: string): Promise<Output> => {
  const machine = engine.machine(name)
  try {
    return await machine.sh(script)
  } finally {
    await machine.close()
  }
}

export const on = async (engine: Engine, name: string, script: string): Promise<string> =>
  (await shell(engine, name, script)).stdout.toString()
