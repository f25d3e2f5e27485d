/** One bar. */
export interface Bar {
  readonly group: string
  readonly name: string
  readonly seconds: number
  readonly lowest: number
  readonly highest: number
}

const colors: { readonly [name: string]: string } = {
  Fireclay: "#b5532a",
  "hand-written script": "#8a8a8a",
}
const others = ["#3b6ea5", "#5f9e6e", "#a3739b", "#c9a227"]

const width = 860
const labels = 250
const rowHeight = 20
const groupGap = 30

/**
 * Bars by group over a logarithmic axis of seconds, with the spread of the runs as a line: a picture that needs no
 * script and stays readable at three orders of magnitude.
 */
export const chart = (title: string, bars: readonly Bar[]): string => {
  const groups = [...Map.groupBy(bars, ({ group }) => group)]
  const names = [...new Set(bars.map(({ name }) => name))]
  const height = 70 + groups.reduce((sum, [, rows]) => sum + groupGap + rows.length * rowHeight, 0)
  const scale = logScale(bars)
  let y = 50
  const drawn = groups.flatMap(([group, rows]) => {
    y += groupGap
    const head = text(10, y - 8, group, 'font-weight="600"')
    const lines = rows.map((bar) => {
      const line = drawBar(bar, y, scale, colorOf(bar.name, names))
      y += rowHeight
      return line
    })
    return [head, ...lines]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#222">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(10, 24, title, 'font-size="15" font-weight="600"'),
    ...scale.ticks.map((tick) => drawTick(tick, scale, height)),
    ...drawn,
    "</svg>",
    "",
  ].join("\n")
}

interface Scale {
  readonly x: (seconds: number) => number
  readonly ticks: readonly number[]
}

const logScale = (bars: readonly Bar[]): Scale => {
  const low = Math.floor(Math.log10(Math.min(...bars.map(({ lowest }) => lowest))))
  const high = Math.ceil(Math.log10(Math.max(...bars.map(({ highest }) => highest))))
  const x = (seconds: number): number => labels + ((Math.log10(seconds) - low) / (high - low)) * (width - labels - 90)
  return { x, ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)) }
}

const drawTick = (seconds: number, { x }: Scale, height: number): string => {
  const at = x(seconds).toFixed(1)
  return `<line x1="${at}" x2="${at}" y1="56" y2="${height - 8}" stroke="#e4e4e4"/>${text(Number(at), 50, `${seconds} s`, 'text-anchor="middle" fill="#777"')}`
}

const drawBar = (bar: Bar, y: number, { x, ticks }: Scale, color: string): string => {
  const from = x(ticks[0] ?? 0)
  const to = x(bar.seconds)
  const middle = y + rowHeight / 2
  return [
    text(labels - 8, middle + 4, bar.name, 'text-anchor="end"'),
    `<rect x="${from}" y="${y + 3}" width="${(to - from).toFixed(1)}" height="${rowHeight - 6}" fill="${color}"/>`,
    `<line x1="${x(bar.lowest).toFixed(1)}" x2="${x(bar.highest).toFixed(1)}" y1="${middle}" y2="${middle}" stroke="#222"/>`,
    text(Math.max(to, x(bar.highest)) + 6, middle + 4, `${bar.seconds.toPrecision(3)} s`),
  ].join("")
}

const colorOf = (name: string, names: readonly string[]): string =>
  colors[name] ?? others[names.filter((other) => colors[other] === undefined).indexOf(name) % others.length] ?? "#444"

const text = (x: number, y: number, words: string, attributes = ""): string =>
  `<text x="${x}" y="${y}" ${attributes}>${words.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</text>`
