/**
 * The value that Student's t stays within, both ways, with a probability: 2.228 for 10 degrees of freedom and 0.95.
 *
 * By halving, on the finite series for whole degrees of freedom of M. Abramowitz and I. A. Stegun, "Handbook of
 * Mathematical Functions" (1964), 26.7.3 and 26.7.4.
 */
export const studentWithin = (probability: number, freedom: number): number => {
  let low = 0
  let high = 1
  while (insideOf(high, freedom) < probability) high *= 2
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2
    if (insideOf(middle, freedom) < probability) low = middle
    else high = middle
  }
  return high
}

/** How probable it is that Student's t is between -t and t. */
const insideOf = (t: number, freedom: number): number => {
  const angle = Math.atan(t / Math.sqrt(freedom))
  const isOdd = freedom % 2 === 1
  if (freedom === 1) return (2 * angle) / Math.PI
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)]
  let term = isOdd ? cosine : 1
  let series = term
  for (let power = isOdd ? 3 : 2; power <= freedom - 2; power += 2) {
    term *= ((power - 1) / power) * cosine ** 2
    series += term
  }
  return isOdd ? (2 / Math.PI) * (angle + sine * series) : sine * series
}
