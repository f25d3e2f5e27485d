import type { Member } from "../contract/index.ts"

/** Which machines come first. `shuffled` is another order for each release, and the same whenever it is asked for. */
export type Order = "listed" | "reverse" | "sorted" | "shuffled"

export const orders: readonly Order[] = ["listed", "reverse", "sorted", "shuffled"]

/** Pure: members in an order. A rollout that was cut off goes on in the same one. */
export const inOrder = (members: readonly Member[], order: Order, target: number): readonly Member[] => {
  switch (order) {
    case "listed":
      return members
    case "reverse":
      return members.toReversed()
    case "sorted":
      return members.toSorted((left, right) => byName(left.id, right.id))
    case "shuffled":
      return members.toSorted(
        (left, right) => hash(`${target} ${left.id}`) - hash(`${target} ${right.id}`) || byName(left.id, right.id),
      )
  }
}

/** `web2` before `web10`. */
const byName = new Intl.Collator("en", { numeric: true }).compare

/** FNV-1a, stirred once more: names that differ in their last letter only would stay together. */
const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}
