import { type Html, html } from "./html.ts"
import { style } from "./style.ts"

export interface Page {
  readonly title: string
  /** Of this kind of page, besides what all share. */
  readonly style?: string
  readonly header: Html
  readonly main: Html
  /** What no reader sees. */
  readonly rest?: Html
}

/** One file that needs nothing else and runs nothing: a browser is told to fetch nothing for it, whatever it says. */
export const renderPage = ({ title, style: own = "", header, main, rest }: Page): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${{ html: style + own }}</style>
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header>
${header}
</header>
<main id="main">
${main}
</main>
${rest}
</body>
</html>
`.html
