import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { renderLivesPage } from "../../src/cli/render/lives-page.ts"
import { compareLives } from "../../src/core/compare/lives.ts"
import { sqliteStore } from "../../src/stores/index.ts"
import { exampleLog } from "../core/compare/lives-example.ts"
import { nowMs } from "../core/compare/lives-log.ts"
import { openBrowser, openPage } from "../support/browser.ts"
import { makeProject } from "../support/project.ts"

const patient = 60_000

let directory = ""
let browser: Browser
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "fireclay-lives-"))
  const names = ["pets", "cattle", "<script>alert(1)</script>"]
  const events = exampleLog.map((event) => (event.fleet === "other" ? { ...event, fleet: names[2] ?? "" } : event))
  for (const count of [2, 3]) {
    const page = renderLivesPage(compareLives(names.slice(0, count), events, nowMs(30)), "shop", "0")
    await writeFile(join(directory, `${count}.html`), page)
  }
  browser = await openBrowser()
}, patient)
afterAll(async () => {
  await browser.close()
  await rm(directory, { recursive: true })
})

describe("the command", () => {
  it("answers from the log of a project", { timeout: patient }, async () => {
    const project = await makeProject("lives")
    try {
      await project.write(
        "fireclay.config.ts",
        `import { defineProject, fleet, inPlace, rolling, spec, ssh } from "fireclay"
        const pets = fleet(spec("web", { resources: [] }), { on: ssh({ hosts: ["a"] }), by: inPlace({ strategy: rolling() }) })
        export default defineProject({ name: "shop", fleets: { pets } })`,
      )
      const store = sqliteStore({ directory: join(project.directory, ".fireclay") })
      await store.append(exampleLog.map(({ fleet, kind, body }) => ({ fleet, kind, body })))
      await store.close()
      const { exitCode, json, stderr } = await project.fireclay(
        "compare",
        "--fleets",
        "pets,cattle",
        "-o",
        "lives.html",
      )
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringMatching(/lives\.html: 2 fleets\n$/) })
      expect(json).toMatchObject({
        schemaVersion: 1,
        project: "shop",
        fleets: [{ fleet: "pets" }, { fleet: "cattle" }],
      })
      expect(json.recommendations.map(({ choice }: { readonly choice: string }) => choice)).toEqual([
        "in place",
        "in place",
      ])
      const none = await project.fireclay("compare", "--fleets", "pets,dogs")
      expect([none.exitCode, none.json.error.code]).toEqual([64, "FC_FLEET_UNKNOWN"])
    } finally {
      await project.dispose()
    }
  })
})

describe("the page of compare --fleets", () => {
  it.each([2, 3])(
    "needs nothing else, dark and light, on paper and on a phone: %i fleets",
    { timeout: patient },
    async (count) => {
      const url = `file://${directory}/${count}.html`
      const light = await openPage(browser, url, { scheme: "light" })
      const dark = await openPage(browser, url, { scheme: "dark", width: 360 })
      const { page } = light
      expect(await page.getByRole("heading", { level: 2 }).allTextContents()).toEqual([
        "Side by side",
        "What to do",
        "Rollouts",
      ])
      expect(await page.getByRole("table").count()).toBe(1 + 2 * count)
      expect(await page.getByRole("table").first().textContent()).toContain("rollouts that failed")
      expect(await page.getByRole("table", { name: "Rollouts of cattle" }).getByRole("row").count()).toBe(22)
      expect(await page.locator("script, img, link[rel=stylesheet]").count()).toBe(0)
      expect(await dark.page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360)
      for (const { complaints, asked } of [light, dark])
        expect({ complaints, asked }).toEqual({ complaints: [], asked: [] })
      expect((await page.pdf()).subarray(0, 5).toString()).toBe("%PDF-")
    },
  )
})
