import { type Browser, chromium, type Page } from "playwright-core"

/** A page that was opened, and what went wrong or left the computer while it was. */
export interface Opened {
  readonly page: Page
  readonly complaints: readonly string[]
  /** Addresses that the page asked for, its own left out. */
  readonly asked: readonly string[]
}

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  })

export const openPage = async (
  browser: Browser,
  url: string,
  { scheme, width = 1200 }: { readonly scheme: "dark" | "light"; readonly width?: number },
): Promise<Opened> => {
  const page = await browser.newPage({ colorScheme: scheme, viewport: { width, height: 800 } })
  const complaints: string[] = []
  const asked: string[] = []
  page.on("console", (message) => complaints.push(message.text()))
  page.on("pageerror", (error) => complaints.push(error.message))
  page.on("request", (request) => {
    if (request.url() !== url && !request.url().startsWith("data:")) asked.push(request.url())
  })
  await page.goto(url)
  return { page, complaints, asked }
}
