import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Json, StoredEvent } from "../../src/contract/index.ts"
import { canonicalJson, chain, firstFault, genesis } from "../../src/stores/chain.ts"

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

describe("firstFault", () => {
  const log = logOf([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }])
  const head = headOf(log)
  it("finds nothing in a whole log", () => {
    expect(firstFault(log, head)).toBeUndefined()
    expect(firstFault([], headOf([]))).toBeUndefined()
  })
  it("finds any edit of any field of any event", () => {
    fc.assert(
      fc.property(
        fc.nat(3),
        fc.constantFrom("number", "at", "fleet", "kind", "who", "body", "hash"),
        fc.string({ minLength: 1 }),
        (index, field, value) => {
          const edited = log.map((event, at) => (at === index ? { ...event, [field]: value + event.number } : event))
          const fault = firstFault(edited as readonly StoredEvent[], head)
          expect(fault).toBeDefined()
          if (field !== "number") expect(fault).toEqual({ number: index + 1, how: "changed" })
        },
      ),
    )
  })
  it("finds a removed event, also the first and the last", () => {
    expect(firstFault(log.toSpliced(1, 1), head)).toEqual({ number: 2, how: "missing" })
    expect(firstFault(log.slice(1), head)).toEqual({ number: 1, how: "missing" })
    expect(firstFault(log.slice(0, 3), head)).toEqual({ number: 4, how: "cut-off" })
    expect(firstFault([], head)).toEqual({ number: 1, how: "cut-off" })
  })
  it("finds an added event and an exchanged end", () => {
    const longer = logOf([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }])
    expect(firstFault(longer, head)).toEqual({ number: 5, how: "added" })
    expect(firstFault(logOf([{ n: 1 }, { n: 2 }, { n: 3 }, { n: "other" }]), head)).toEqual({
      number: 4,
      how: "changed",
    })
  })
  it("finds what was moved, and needs no head for anything but a cut-off end", () => {
    const [one, two, three, four] = log as readonly [StoredEvent, StoredEvent, StoredEvent, StoredEvent]
    expect(firstFault([one, three, two, four], head)).toEqual({ number: 2, how: "missing" })
    expect(firstFault([one, { ...three, number: 2 }, { ...two, number: 3 }, four], head)?.number).toBe(2)
    expect(firstFault([one, two, two, three], undefined)).toEqual({ number: 2, how: "changed" })
    expect(firstFault([one, two, four])).toEqual({ number: 3, how: "missing" })
    expect(firstFault([one, two])).toBeUndefined()
  })
})

const reversed = (value: Json): Json => mapObjects(value, (entries) => entries.toReversed())

const mapObjects = (value: Json, order: (entries: [string, Json][]) => [string, Json][]): Json => {
  if (Array.isArray(value)) return value.map((each) => mapObjects(each, order))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(order(Object.entries(value).map(([key, each]) => [key, mapObjects(each, order)])))
}
