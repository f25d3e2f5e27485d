import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { renderComparison } from "../../../../src/cli/render/compare/report.ts"
import { openBrowser, openPage } from "../../../support/browser.ts"
import { byReplacement, exampleComparison, inPlace } from "../../../support/comparison.ts"
import { answersTo } from "./answers.ts"

const patient = 60_000

let directory: string
let url: string
let browser: Browser

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "fireclay-report-"))
  const file = join(directory, "report.html")
  const long = { ...byReplacement.way, name: "by replacement, rolling-with-additional-batch, on Docker (2)" }
  const comparison = exampleComparison({
    profiles: [{ ...inPlace, failed: 40 }, byReplacement, { ...byReplacement, way: long }],
  })
  await writeFile(file, renderComparison(comparison, answersTo(comparison)))
  url = pathToFileURL(file).href
  browser = await openBrowser()
}, patient)

afterAll(async () => {
  await browser?.close()
  await rm(directory, { recursive: true, force: true })
})

/** What a page says of itself; as text, since nothing here knows of a page's objects. */
const ask = <T>(page: Page, expression: string): Promise<T> => page.evaluate(expression) as Promise<T>

describe("the report of a comparison, in a browser", () => {
  it("draws charts, complains of nothing, and asks for nothing", { timeout: patient }, async () => {
    const { page, complaints, asked } = await openPage(browser, url, { scheme: "light" })
    await ask(page, "document.querySelectorAll('details').forEach((each) => { each.open = true })")
    const charts = await ask<readonly { readonly width: number; readonly drawn: number }[]>(
      page,
      `[...document.querySelectorAll("svg[role=img]")].map((svg) => ({
        width: svg.getBoundingClientRect().width,
        drawn: [...svg.querySelectorAll("path, rect")].filter((shape) => {
          const { width, height } = shape.getBBox()
          return width > 1 && height > 1
        }).length,
      }))`,
    )
    expect(charts.length).toBe(11)
    for (const { width, drawn } of charts) {
      expect(width).toBeGreaterThan(300)
      expect(drawn).toBeGreaterThan(0)
    }
    const names = await page
      .getByRole("img")
      .evaluateAll((all) => all.map((each) => each.getAttribute("aria-labelledby")))
    expect(names).toHaveLength(charts.length)
    for (const landmark of ["banner", "main", "navigation"] as const)
      expect(await page.getByRole(landmark).count()).toBe(1)
    expect(
      await page.locator("script:not([type='application/json']), iframe, object, link[rel=stylesheet]").count(),
    ).toBe(0)
    expect({ complaints, asked }).toEqual({ complaints: [], asked: [] })
    await page.close()
  })

  it("is reached in every part by the keyboard", { timeout: patient }, async () => {
    const { page } = await openPage(browser, url, { scheme: "light" })
    await page.keyboard.press("Tab")
    expect(await ask(page, "document.activeElement.textContent")).toBe("To the content")
    // By key, as somebody without a mouse opens them.
    const summaries = await page.locator("summary").all()
    for (const summary of summaries) {
      await summary.focus()
      await page.keyboard.press("Enter")
    }
    expect(await page.locator("details[open]").count()).toBe(summaries.length)
    const wanted = `[...document.querySelectorAll("a[href], summary, [tabindex='0']")]`
    const count = await ask<number>(page, `${wanted}.length`)
    await ask(page, "document.activeElement.blur(), window.scrollTo(0, 0), window.reached = new Set()")
    for (let press = 0; press <= count + 2; press += 1) {
      await page.keyboard.press("Tab")
      await ask(page, "void reached.add(document.activeElement)")
    }
    expect(
      await ask(page, `${wanted}.filter((each) => !reached.has(each)).map((each) => each.outerHTML.slice(0, 80))`),
    ).toEqual([])
    await page.close()
  })

  it.each<{ readonly scheme: "dark" | "light"; readonly width: number }>([
    { scheme: "light", width: 360 },
    { scheme: "dark", width: 360 },
    { scheme: "light", width: 1200 },
    { scheme: "dark", width: 1200 },
  ])("stays within its width and can be read: %j", { timeout: patient }, async ({ scheme, width }) => {
    const { page, complaints, asked } = await openPage(browser, url, { scheme, width })
    await ask(page, "document.querySelectorAll('details').forEach((each) => { each.open = true })")
    expect(await ask(page, "document.documentElement.scrollWidth")).toBeLessThanOrEqual(width)
    expect(await ask<readonly string[]>(page, spilling)).toEqual([])
    expect(await ask<readonly string[]>(page, faint)).toEqual([])
    expect({ complaints, asked }).toEqual({ complaints: [], asked: [] })
    await page.close()
  })

  it("is dark for who wants it dark", { timeout: patient }, async () => {
    const grounds = await Promise.all(
      (["light", "dark"] as const).map(async (scheme) => {
        const { page } = await openPage(browser, url, { scheme })
        return ask(page, "getComputedStyle(document.body).backgroundColor")
      }),
    )
    expect(new Set(grounds).size).toBe(2)
  })

  it("can be printed, light even for who reads it dark", { timeout: patient }, async () => {
    const { page } = await openPage(browser, url, { scheme: "dark" })
    const pdf = await page.pdf({ format: "A4" })
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-")
    await page.emulateMedia({ media: "print", colorScheme: "dark" })
    expect(await ask(page, "getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)")
    expect(await page.locator("summary:visible, details:not(.more):visible").count()).toBe(0)
    // Charts are on paper whether or not they were opened.
    expect(
      await ask(
        page,
        "[...document.querySelectorAll('svg[role=img]')].filter((svg) => svg.checkVisibility({ contentVisibilityAuto: true }) && svg.getBoundingClientRect().height > 50).length",
      ),
    ).toBe(11)
    expect(await page.getByText("They are in the file that this was printed from.").isVisible()).toBe(true)
    await page.close()
  })
})

/** Words of charts that lie over each other, or outside of their chart. */
const spilling = `[...document.querySelectorAll("svg[role=img]")].flatMap((svg) => {
  const outer = svg.getBoundingClientRect()
  const texts = [...svg.querySelectorAll("text")].map((text) => ({ said: text.textContent, box: text.getBoundingClientRect() }))
  const apart = (one, other) => one.right <= other.left + 1 || other.right <= one.left + 1 || one.bottom <= other.top + 3 || other.bottom <= one.top + 3
  return texts.flatMap(({ said, box }, index) => [
    ...(box.left < outer.left - 2 || box.right > outer.right + 2 ? [said + " is outside"] : []),
    ...texts.slice(index + 1).filter((other) => !apart(box, other.box)).map((other) => said + " lies over " + other.said),
  ])
})`

/** Texts with less than 4.5 : 1 and areas with less than 3 : 1 against the page, as WCAG counts it. */
const faint = `(() => {
  const light = (color) => {
    const [red, green, blue] = color.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const ground = light(getComputedStyle(document.body).backgroundColor)
  const contrast = (color) => { const own = light(color); return (Math.max(own, ground) + 0.05) / (Math.min(own, ground) + 0.05) }
  const texts = [...document.querySelectorAll("p, li, h1, h2, h3, h4, td, th, summary, caption, figcaption, dt, dd, a, span, b, code")]
    .filter((each) => contrast(getComputedStyle(each).color) < 4.5)
  const drawn = [...document.querySelectorAll("svg text, svg [class^=hue], svg .sign")]
    .filter((each) => contrast(getComputedStyle(each).fill) < (each.tagName === "text" ? 4.5 : 3))
  return [...new Set([...texts, ...drawn].map((each) => each.tagName + " " + each.getAttribute("class") + " " + each.textContent.slice(0, 40)))]
})()`
