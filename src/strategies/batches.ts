import { FireclayError, type Move, type RolloutView, type StrategyOptions } from "../contract/index.ts"
import { rest } from "./rest.ts"

/** How many at a time: a whole number from 1, or a share of the fleet's size, rounded down, but at least 1. */
export type Batch = number | `${number}%`

/**
 * Pure: how many may be on their way, where so many of a fleet have arrived. That number says which batch is current,
 * and a batch is begun only when all of the one before have arrived; the last repeats.
 */
export const batchAt = (batches: readonly Batch[], size: number, arrived: number): number => {
  let end = 0
  for (let index = 0; ; index += 1) {
    end += countOf(batches[Math.min(index, batches.length - 1)] ?? 1, size)
    if (end > arrived) return end - arrived
  }
}

/** Pure: whether all batches that were begun have arrived, and more is to come. */
const isBetweenBatches = (batches: readonly Batch[], size: number, arrived: number): boolean => {
  if (arrived === 0 || arrived >= size) return false
  return batchAt(batches, size, arrived - 1) === 1
}

/** Pure: a batch as a number of machines. */
export const countOf = (batch: Batch, size: number): number =>
  Math.max(1, Math.floor(typeof batch === "number" ? batch : (size * Number.parseFloat(batch)) / 100) || 1)

/** @throws FireclayError FC_SPEC_VALUE */
export const checkBatches = (given: Batch | readonly Batch[], at: string): void => {
  const list = typeof given === "object" ? given : [given]
  if (!Array.isArray(list) || list.length === 0) throw refuse("an empty list of batches", at)
  for (const [index, batch] of list.entries())
    if (!isBatch(batch))
      throw refuse(
        `a batch of ${JSON.stringify(batch) ?? String(batch)}`,
        typeof given === "object" ? `${at}[${index}]` : at,
      )
}

/** What a strategy was given as batches, as it keeps them. */
export const keptBatches = (given: Batch | readonly Batch[]): Batch | readonly Batch[] =>
  typeof given === "object" ? Object.freeze([...given]) : given

/** What a pause between two batches asks for; `undefined`: there is none now. */
export const pauseBetween = (view: RolloutView, options: StrategyOptions): readonly Move[] | undefined => {
  const { pauseMs = 0 } = options as { readonly pauseMs?: number }
  const { fresh, old } = view.members
  const arrived = fresh.serving.size
  const busy = fresh.waiting.size + old.waiting.size > 0
  if (pauseMs === 0 || busy || old.serving.size === 0 || !isBetweenBatches(batchesOf(options), view.size, arrived))
    return undefined
  const moves = rest(view, `batch:${arrived}`, pauseMs, `pausing with ${arrived} of ${view.size} changed`)
  return moves.length === 0 ? undefined : moves
}

/** What a strategy keeps as batches, as a list. */
export const batchesOf = ({ batch = 1 }: StrategyOptions): readonly Batch[] =>
  (typeof batch === "object" ? batch : [batch]) as readonly Batch[]

const refuse = (what: string, at: string): FireclayError =>
  new FireclayError("FC_SPEC_VALUE", `${what} cannot be rolled`, {
    at,
    remedy: 'use a whole number from 1, a share from "1%" to "100%", or a list of them',
  })

const isBatch = (batch: unknown): boolean => {
  if (typeof batch === "number") return Number.isInteger(batch) && batch >= 1
  if (typeof batch !== "string" || !/^\d+(\.\d+)?%$/.test(batch)) return false
  const share = Number.parseFloat(batch)
  return share > 0 && share <= 100
}
