import { type Html, html } from "../page/html.ts"

/** Of a chart. Its parts are named by it, so it is unique on a page. */
export interface Drawing {
  readonly id: string
  readonly width: number
  readonly height: number
  /** What a reader who does not see it is told: what it is, and what it shows. */
  readonly title: string
  readonly description: string
  readonly content: Html
}

/** A chart as a picture that a page holds: it runs nothing, fetches nothing, and scales with the page. */
export const drawing = ({ id, width, height, title, description, content }: Drawing): Html =>
  html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title" aria-describedby="${id}-desc"><title id="${id}-title">${title}</title><desc id="${id}-desc">${description}</desc>${content}</svg>`

/** Colours are the page's, so that they fit light, dark and paper. Patterns tell apart what colours do not. */
export const patterns: Html = html`<svg class="patterns" width="0" height="0" aria-hidden="true" focusable="false"><defs>
<pattern id="fill-1" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="gap" width="2" height="6"/></pattern>
<pattern id="fill-2" width="6" height="6" patternUnits="userSpaceOnUse"><circle class="gap" cx="3" cy="3" r="1.4"/></pattern>
<pattern id="fill-3" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect class="gap" width="2" height="6"/></pattern>
<pattern id="fill-4" width="5" height="5" patternUnits="userSpaceOnUse"><rect class="gap" width="5" height="1.6"/></pattern>
<pattern id="fill-5" width="5" height="5" patternUnits="userSpaceOnUse"><rect class="gap" width="1.6" height="5"/></pattern>
<pattern id="fill-failed" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="gap" width="1.2" height="5"/><rect class="gap" width="5" height="1.2"/></pattern>
</defs></svg>`

/** The class that gives a way its colour. Beyond six they come again; names still stand beside them. */
export const hueOf = (index: number): string => `hue-${index % 6}`

const patterned = ["hue-1", "hue-2", "hue-3", "hue-4", "hue-5", "hue-failed"]

/** A shape in a colour, and where the colour has one, the same shape in its pattern. */
export const filled = (hue: string, shape: (attributes: Html) => Html): Html => {
  const plain = shape(html`class="${hue}"`)
  return patterned.includes(hue) ? html`${plain}${shape(html`fill="url(#${hue.replace("hue", "fill")})"`)}` : plain
}

/** The sign of a colour beside its name in a legend. */
export const swatch = (hue: string): Html =>
  html`<svg class="swatch" viewBox="0 0 16 12" aria-hidden="true" focusable="false">${filled(hue, (attributes) => html`<rect width="16" height="12" ${attributes}/>`)}</svg>`

/** A place on a chart: a tenth of a unit is less than anybody sees. */
export const px = (value: number): string => String(Math.round(value * 10) / 10)

interface LabelOptions {
  readonly anchor?: "start" | "middle" | "end"
  readonly soft?: boolean
}

export const label = (
  x: number,
  y: number,
  text: string,
  { anchor = "start", soft = false }: LabelOptions = {},
): Html =>
  html`<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}"${soft ? html` class="soft"` : undefined}>${text}</text>`

export const line = (from: readonly [number, number], to: readonly [number, number], kind: string): Html =>
  html`<line class="${kind}" x1="${px(from[0])}" y1="${px(from[1])}" x2="${px(to[0])}" y2="${px(to[1])}"/>`

/** From 0 in round steps to at least the most, about as many as wanted. */
export const roundSteps = (most: number, wanted = 4): readonly number[] => {
  if (most <= 0) return [0, 1]
  const raw = most / wanted
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = ([1, 2, 5].find((times) => times * power >= raw * 0.999) ?? 10) * power
  const steps = Math.ceil(most / step - 1e-9)
  return Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(12)))
}
