import type { Measure } from "./answers.ts"

/** `4.2 s`, `1.6 h`, `140 MB`, `90,000 requests`: as many digits as somebody remembers. */
export const wordFigure = (value: number, unit: Measure["unit"]): string => {
  switch (unit) {
    case "s":
      return wordSeconds(value)
    case "ms":
      return value < 1_000 ? `${wordRounded(value)} ms` : wordSeconds(value / 1_000)
    case "B":
      return wordBytes(value)
    case "machine s":
      return `${wordRounded(value)} machine seconds`
    case "requests":
      return value === 1 ? "1 request" : `${wordCount(value)} requests`
    case "changes":
      return value === 1 ? "1 change" : `${wordCount(value)} changes`
  }
}

/** `2.1`, `9`, `35`: how many times. */
export const wordFactor = (factor: number): string => wordRounded(factor)

/** `90,000`. */
export const wordCount = (count: number): string => {
  const rounded = Math.round(count * 10) / 10
  return rounded.toLocaleString("en-US")
}

/** Three digits that count: `0.84`, `2.1`, `1,250`. */
export const wordSignificant = (value: number): string =>
  Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 12 })

/** `a`, `a and b`, `a, b and c`. */
export const wordList = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`

/** For the beginning of a sentence. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const wordSeconds = (seconds: number): string => {
  if (seconds < 120) return `${wordRounded(seconds)} s`
  if (seconds < 7_200) return `${wordRounded(seconds / 60)} min`
  return seconds < 172_800 ? `${wordRounded(seconds / 3_600)} h` : `${wordRounded(seconds / 86_400)} days`
}

const wordBytes = (bytes: number): string => {
  const step = byteSteps.find(({ from }) => Math.abs(bytes) >= from)
  return step === undefined ? `${Math.round(bytes)} B` : `${wordRounded(bytes / step.from)} ${step.name}`
}

const byteSteps = [
  { from: 1e9, name: "GB" },
  { from: 1e6, name: "MB" },
  { from: 1e3, name: "kB" },
] as const

/** `0.42`, `4.2`, `42`, `4,200`; below a hundredth nothing is left. */
const wordRounded = (value: number): string => {
  const digits = Math.abs(value) < 0.995 ? 2 : Math.abs(value) < 9.95 ? 1 : 0
  const rounded = Number(value.toFixed(digits))
  return (rounded === 0 ? 0 : rounded).toLocaleString("en-US")
}
