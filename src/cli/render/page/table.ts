import { type Html, html } from "./html.ts"

type Cell = string | { readonly time: string } | { readonly code: string } | { readonly bad: string }

export interface Table {
  readonly caption: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** What is said where there are no rows. */
  readonly none: string
}

export const tableOf = ({ caption, head, rows, none }: Table): Html =>
  rows.length === 0
    ? html`<p class="soft">${none}</p>`
    : html`<div class="wide${head.length > 3 ? "" : " few"}" role="region" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cellOf(cell)}</td>`)}</tr>\n`)}</tbody>
</table></div>`

/** A heading and what stands under it. */
export const section = (title: string, content: Html): Html => html`<h3>${title}</h3>\n${content}\n`

/** `2026-11-27 05:20`. */
export const shortTime = (at: string): string => at.slice(0, 16).replace("T", " ")

const cellOf = (cell: Cell): Html => {
  if (typeof cell === "string") return html`${cell}`
  if ("time" in cell) return html`<time class="time" datetime="${cell.time}">${shortTime(cell.time)}</time>`
  return "code" in cell ? html`<code>${cell.code}</code>` : html`<span class="bad">${cell.bad}</span>`
}
