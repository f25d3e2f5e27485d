import { stat } from "node:fs/promises"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { parts } from "../../../src/engines/local/place.ts"
import { lastWords, loggedArgv } from "../../../src/engines/local/program.ts"
import { run } from "../../../src/system/process.ts"
import { withDirectory } from "./support.ts"

describe("what a program says", () => {
  const until = async (last: string, said: () => Promise<readonly string[]>): Promise<readonly string[]> => {
    for (;;) {
      const lines = await said()
      if (lines.at(-1) === last) return lines
      await sleep(10)
    }
  }

  it("is kept on both of its channels, also of the run before", () =>
    withDirectory(async (directory) => {
      const files = parts(directory)
      const say = (script: string) => run(loggedArgv(files, ["sh", "-c", script]))
      await say("echo one; echo two >&2; echo three >/dev/stdout")
      expect(await until("three", () => lastWords(files, 12))).toEqual(["one", "two", "three"])
      await say("echo four")
      expect(await until("four", () => lastWords(files, 2))).toEqual(["three", "four"])
    }))

  it("is forgotten in time: two files of ten megabytes at most", () =>
    withDirectory(async (directory) => {
      const files = parts(directory)
      await run(
        loggedArgv(files, ["sh", "-c", "head -c 35000000 /dev/zero | tr '\\\\0' x | fold -w 1000; echo; echo end"]),
      )
      await until("end", () => lastWords(files, 1))
      const sizes = await Promise.all([files.log, `${files.log}.1`].map(async (path) => (await stat(path)).size))
      expect(Math.max(...sizes)).toBeLessThanOrEqual(10_485_760)
    }))
})
