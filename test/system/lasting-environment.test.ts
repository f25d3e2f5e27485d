import { expect, it } from "vitest"
import { lastingEnvironment } from "../../src/system/lasting-environment.ts"
import { run } from "../../src/system/process.ts"

it("is what programs that stay get: nothing that could be a secret", async () => {
  const environment = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", DB_PASSWORD: "hush", AWS_SECRET: "hush", PATHS: "x" }
  const { stdout } = await run(["env"], { env: lastingEnvironment(environment) })
  expect(stdout.toString().trim().split("\n").toSorted()).toEqual(["LC_ALL=C.UTF-8", `PATH=${process.env.PATH}`])
})
