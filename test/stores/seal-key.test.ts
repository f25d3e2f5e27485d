import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { readSealKey } from "../../src/stores/index.ts"
import { caught } from "../support/catch.ts"

let directory = ""
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "fireclay-key-"))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

it("is made at the first need, for its owner only, and stays the same", async () => {
  const state = join(directory, ".fireclay")
  const key = await readSealKey(state)
  expect(key).toHaveLength(32)
  expect(await readSealKey(state)).toEqual(key)
  expect((await stat(state)).mode & 0o777).toBe(0o700)
  expect((await stat(join(state, "seal.key"))).mode & 0o777).toBe(0o600)
})

it("is the same for all who need it at the same time, and leaves nothing beside it", async () => {
  const keys = await Promise.all(Array.from({ length: 20 }, () => readSealKey(directory)))
  expect(new Set(keys.map((key) => Buffer.from(key).toString("hex"))).size).toBe(1)
  expect(await readdir(directory)).toEqual(["seal.key"])
})

it("is refused when it is not whole", async () => {
  await writeFile(join(directory, "seal.key"), "short")
  const error = await caught(() => readSealKey(directory))
  expect([error.code, error.at]).toEqual(["FC_STORE", join(directory, "seal.key")])
})
