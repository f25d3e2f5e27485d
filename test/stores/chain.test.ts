import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Json, StoredEvent } from "../../src/contract/index.ts"
import { canonicalJson, chain, firstMisfit, genesis } from "../../src/stores/chain.ts"

const logOf = (bodies: readonly { readonly [key: string]: Json }[]): readonly StoredEvent[] => {
  const log: StoredEvent[] = []
  for (const [index, body] of bodies.entries()) {
    const previous = log.at(-1)?.hash ?? genesis
    log.push(
      chain({ fleet: "web", kind: "a", body }, { number: index + 1, at: "2026-01-01", who: "me@here", previous }),
    )
  }
  return log
}

const headOf = (log: readonly StoredEvent[]) => ({ number: log.length, hash: log.at(-1)?.hash ?? genesis })

describe("canonicalJson", () => {
  it("does not depend on the order of keys, and reads back as the same", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(JSON.parse(JSON.stringify(value)) as Json)
        expect(canonicalJson(reversed(value as Json))).toBe(text)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
  it("writes what it always wrote: hashes of old logs depend on it", () => {
    expect(canonicalJson({ b: [1, null, "ü\n"], a: { d: true, c: 0.1 } })).toBe(
      '{"a":{"c":0.1,"d":true},"b":[1,null,"ü\\n"]}',
    )
    expect(logOf([{ b: 1, a: "x" }])[0]?.hash).toBe("0fd4883532ffdddb81716aeedc35162ee658d86ffaf0bbdae0a3559eb49967ca")
  })
})

describe("firstMisfit", () => {
  const log = logOf([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }])
  const head = headOf(log)
  it("finds nothing in a whole log", () => {
    expect(firstMisfit(log, head)).toBeUndefined()
    expect(firstMisfit([], headOf([]))).toBeUndefined()
  })
  it("finds any edit of any field of any event", () => {
    fc.assert(
      fc.property(
        fc.nat(3),
        fc.constantFrom("number", "at", "fleet", "kind", "who", "body", "hash"),
        fc.string({ minLength: 1 }),
        (index, field, value) => {
          const edited = log.map((event, at) => (at === index ? { ...event, [field]: value + event.number } : event))
          expect(firstMisfit(edited as readonly StoredEvent[], head)).toBe(edited[index]?.number)
        },
      ),
    )
  })
  it("finds a removed event, also the first and the last", () => {
    expect(firstMisfit(log.toSpliced(1, 1), head)).toBe(3)
    expect(firstMisfit(log.slice(1), head)).toBe(2)
    expect(firstMisfit(log.slice(0, 3), head)).toBe(4)
    expect(firstMisfit([], head)).toBe(1)
  })
  it("finds an added event and an exchanged end", () => {
    const longer = logOf([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }])
    expect(firstMisfit(longer, head)).toBe(5)
    expect(firstMisfit(logOf([{ n: 1 }, { n: 2 }, { n: 3 }, { n: "other" }]), head)).toBe(4)
  })
})

const reversed = (value: Json): Json => mapObjects(value, (entries) => entries.toReversed())

const mapObjects = (value: Json, order: (entries: [string, Json][]) => [string, Json][]): Json => {
  if (Array.isArray(value)) return value.map((each) => mapObjects(each, order))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(order(Object.entries(value).map(([key, each]) => [key, mapObjects(each, order)])))
}
