import type { Mark, Move, RolloutView } from "../contract/index.ts"

/**
 * A time that has to pass, counted from a mark that is set first, so that it counts on when another controller takes
 * over. A person may cut it short by promoting. No moves: it is over.
 */
export const rest = (view: RolloutView, name: string, forMs: number, why: string): readonly Move[] => {
  if (forMs <= 0) return []
  const begun = markOf(view, name)
  if (begun === undefined) return [{ do: "mark", name }]
  const untilMs = begun.atMs + forMs
  if (view.nowMs >= untilMs || isPromoted(view, begun)) return []
  return [{ do: "wait", untilMs, why }]
}

/** A person's word that has to come; it counts from a mark that is set first. No moves: it came. */
export const untilPromoted = (view: RolloutView, name: string, why: string): readonly Move[] => {
  const begun = markOf(view, name)
  if (begun === undefined) return [{ do: "mark", name }]
  return isPromoted(view, begun) ? [] : [{ do: "wait", why }]
}

const markOf = ({ marks }: RolloutView, name: string): Mark | undefined => marks.find((mark) => mark.name === name)

const isPromoted = ({ marks }: RolloutView, since: Mark): boolean =>
  marks.slice(marks.indexOf(since)).some(({ name }) => name === "promote" || name === "promote-full")
