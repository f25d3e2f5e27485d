import { isHopMark } from "./ssh-jump.ts"

/** Who of those on the way a failure is about, and the lines that are about it. */
export interface Blame {
  /** A server on the way, the first being 0; absent: the machine itself. */
  readonly hop?: number
  /** What is blamed could not be reached from the server before it. */
  readonly behind: boolean
  readonly lines: readonly string[]
}

/**
 * All on the way speak on one standard error. What stands before the first hop's mark is that hop's own, if something
 * behind it then lost its connection; otherwise the machine itself ended it, and the hop only noticed.
 */
export const blame = (lines: readonly string[]): Blame => {
  const first = lines.findIndex(isHopMark)
  const own = lines.filter((line) => !isHopMark(line))
  if (first < 0 || !lines.slice(first + 1).some((line) => cutOff.test(line))) return { behind: false, lines: own }
  const hop = Number(lines[first]?.match(/\d+/)?.[0]) - 1
  const said = lines.slice(0, first)
  if (!said.some((line) => /stdio forwarding failed/.test(line))) return { hop, behind: false, lines: said }
  const next = hop + 1
  return next < marksIn(lines) ? { hop: next, behind: true, lines: said } : { behind: true, lines: said }
}

const cutOff = /UNKNOWN port|kex_exchange_identification|banner exchange|Connection (closed|reset)|Broken pipe/

/** How many servers on the way have failed: each behind a failed one fails too. */
const marksIn = (lines: readonly string[]): number =>
  Math.max(0, ...lines.filter(isHopMark).map((line) => Number(line.match(/\d+/)?.[0])))
