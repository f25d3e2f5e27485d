import { expect, it } from "vitest"
import type { Measure } from "../../../src/core/compare/answers.ts"
import { wordFactor, wordFigure, wordList, wordSignificant } from "../../../src/core/compare/words.ts"

it.each<[number, Measure["unit"], string]>([
  [0, "s", "0 s"],
  [0.004, "s", "0 s"],
  [0.416, "s", "0.42 s"],
  [4.23, "s", "4.2 s"],
  [4, "s", "4 s"],
  [9.96, "s", "10 s"],
  [31.4, "s", "31 s"],
  [119, "s", "119 s"],
  [150, "s", "2.5 min"],
  [11_500, "s", "3.2 h"],
  [400_000, "s", "4.6 days"],
  [3.14, "ms", "3.1 ms"],
  [25.4, "ms", "25 ms"],
  [1_240, "ms", "1.2 s"],
  [640, "B", "640 B"],
  [24_500, "B", "25 kB"],
  [3_100_000, "B", "3.1 MB"],
  [2_400_000_000, "B", "2.4 GB"],
  [10.2, "machine s", "10 machine seconds"],
  [1, "requests", "1 request"],
  [90_000, "requests", "90,000 requests"],
  [2.5, "requests", "2.5 requests"],
  [1, "changes", "1 change"],
  [3, "changes", "3 changes"],
])("%d %s is worded %s", (value, unit, words) => {
  expect(wordFigure(value, unit)).toBe(words)
})

it.each([
  [1.349, "1.3"],
  [2, "2"],
  [9.04, "9"],
  [34.6, "35"],
])("%d times is worded %s", (factor, words) => {
  expect(wordFactor(factor)).toBe(words)
})

it.each([
  [2.1, "2.1"],
  [0.8401, "0.84"],
  [12_345, "12,300"],
  [0.000_123_4, "0.000123"],
])("%d to three digits is %s", (value, words) => {
  expect(wordSignificant(value)).toBe(words)
})

it.each([
  [[], ""],
  [["a"], "a"],
  [["a", "b"], "a and b"],
  [["a", "b", "c"], "a, b and c"],
])("%j is listed as %s", (words, list) => {
  expect(wordList(words)).toBe(list)
})
