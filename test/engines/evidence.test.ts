import { mkdir, readFile, stat, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import { keepIn } from "../../src/engines/evidence.ts"
import { run } from "../../src/system/process.ts"
import { withDirectory } from "./local/support.ts"

describe("evidence of an instance", () => {
  it("is for root only, with sums that can be checked", async () => {
    await withDirectory(async (directory) => {
      const place = join(directory, "evidence", "web", "web-r1-1")
      const digest = await keepIn({ name: "web-r1-1", place, report: "{}\n" }, async () => {
        await writeFile(join(place, "written.tar"), "what was written", { mode: 0o666 })
        return ["written.tar"]
      })
      const checked = await run(["sha256sum", "--check", "SHA256SUMS"], { cwd: place })
      expect(checked.stdout.toString()).toBe("report.json: OK\nwritten.tar: OK\n")
      expect(`${(await run(["sha256sum", join(place, "SHA256SUMS")])).stdout}`).toContain(digest.replace("sha256:", ""))
      const modes = await Promise.all(
        [dirname(place), place, join(place, "written.tar"), join(place, "report.json"), join(place, "SHA256SUMS")].map(
          async (path) => ((await stat(path)).mode & 0o777).toString(8),
        ),
      )
      expect(modes).toEqual(["700", "700", "600", "600", "600"])
      expect(await readFile(join(place, "report.json"), "utf8")).toBe("{}\n")
    })
  })

  it("that cannot be kept is an error, which says where and what to do", async () => {
    await withDirectory(async (directory) => {
      await writeFile(join(directory, "file"), "in the way")
      const place = join(directory, "file", "web-r1-1")
      await expect(keepIn({ name: "web-r1-1", place, report: "" }, async () => [])).rejects.toMatchObject({
        code: "FC_EVIDENCE",
        at: place,
        message: expect.stringContaining("ENOTDIR"),
      })
      await mkdir(join(directory, "full"))
      const full = { name: "web-r1-1", place: join(directory, "full"), report: "" }
      await expect(keepIn(full, () => Promise.reject(new Error("ENOSPC")))).rejects.toMatchObject({
        code: "FC_EVIDENCE",
      })
    })
  })
})
