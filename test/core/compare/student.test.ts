import { expect, it } from "vitest"
import { studentWithin } from "../../../src/core/compare/student.ts"

// The table of any textbook.
it.each([
  [0.95, 1, 12.706],
  [0.95, 2, 4.303],
  [0.95, 3, 3.182],
  [0.95, 4, 2.776],
  [0.95, 5, 2.571],
  [0.95, 10, 2.228],
  [0.95, 18, 2.101],
  [0.95, 30, 2.042],
  [0.95, 1_000, 1.962],
  [0.99, 7, 3.499],
  [0.5, 9, 0.703],
])("%d of Student's t with %d degrees of freedom is within %d", (probability, freedom, value) => {
  expect(studentWithin(probability, freedom)).toBeCloseTo(value, 3)
})
