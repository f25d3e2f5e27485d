import { type By, type Delivery, FireclayError, type Fleet, type Project, type Spec } from "../contract/index.ts"
import { inPlace, replace } from "../spec/index.ts"
import { allAtOnce, blueGreen, canary, immutable, rolling, rollingWithAdditionalBatch } from "../strategies/index.ts"
import type { WayWant } from "./want.ts"

/**
 * The spec of that name, or of the fleet of that name; the only one where none is named.
 *
 * @throws FireclayError FC_USAGE
 */
export const chooseSpec = ({ fleets }: Project, name: string | undefined): Spec => {
  const specs = [...new Map(Object.values(fleets).map(({ spec }) => [spec.name, spec])).values()]
  const found = name === undefined ? specs : specs.filter((spec) => spec.name === name)
  const [spec = name === undefined ? undefined : fleets[name]?.spec, ...others] = found
  if (spec === undefined || others.length > 0)
    throw new FireclayError("FC_USAGE", name === undefined ? "which spec?" : `there is no spec "${name}"`, {
      remedy: `fireclay compare ${specs.map((each) => each.name).join(" | ")}`,
    })
  if (spec.port === undefined || spec.health === undefined)
    throw new FireclayError(
      "FC_USAGE",
      `${spec.name} has no port and health check: there is nothing to send requests to`,
      {
        at: `specs.${spec.name}`,
        remedy: 'add port and health: { path: "/" }',
      },
    )
  return spec
}

/**
 * The ways to compare: those that are named; else in place and by replacement, each as the project's own fleet of the spec
 * is delivered, or as most people would.
 *
 * @param named `in-place`, `replace`, or with a strategy: `replace:canary`. The same twice is compared with itself
 * @throws FireclayError FC_USAGE
 */
export const chooseWays = (
  project: Project,
  spec: Spec,
  { engine = "local", named = [] }: { readonly engine?: string; readonly named?: readonly string[] },
): readonly WayWant[] => {
  if (engine !== "local" && engine !== "docker")
    throw new FireclayError("FC_USAGE", `there is no engine "${engine}"`, { at: "--engine", remedy: "local or docker" })
  const words = named.length === 0 ? ["in-place", "replace"] : named
  if (words.length < 2)
    throw new FireclayError("FC_USAGE", "one way cannot be compared", { at: "--way", remedy: "name two, or none" })
  const ways = words.map((word) => wayOf(project, spec, word, engine))
  return ways.map((way, index) => {
    const before = ways.slice(0, index).filter(({ name }) => name === way.name).length
    return before === 0 ? way : { ...way, name: `${way.name} (${before + 1})` }
  })
}

/** Data that only one machine at a time may have: then there can only be one. */
export const hasExclusiveVolume = ({ volumes }: Spec): boolean => volumes.some(({ access }) => access !== "shared")

/**
 * How many machines each fleet has.
 *
 * @throws FireclayError FC_USAGE
 */
export const chooseSize = (spec: Spec, asked: number | undefined): number => {
  if (!hasExclusiveVolume(spec)) return asked ?? 3
  if (asked === undefined || asked === 1) return 1
  throw new FireclayError("FC_USAGE", `${spec.name} has a volume that only one machine at a time may have`, {
    at: "--size",
    remedy: "leave --size out, or let the volume be shared",
  })
}

const wayOf = (project: Project, spec: Spec, word: string, engine: WayWant["engine"]): WayWant => {
  const [kind = "", strategyName] = word.split(":")
  const delivery = deliveries.get(kind)
  if (delivery === undefined) throw unknownWay(word)
  const own = Object.values(project.fleets).find((fleet) => fleet.spec === spec && fleet.by.delivery === delivery)
  const by =
    strategyName === undefined ? (own?.by ?? defaultBy(spec, delivery)) : byOf(delivery, strategyName, word, own)
  const used = delivery === "in-place" ? "local" : engine
  const place = used === "docker" ? ", on Docker" : ""
  return {
    name: `${delivery === "in-place" ? "in place" : "by replacement"}, ${by.strategy.name}${place}`,
    ...{ delivery, strategy: by.strategy.name, engine: used, by },
    ...holdOf(spec, own),
  }
}

const deliveries: ReadonlyMap<string, Delivery> = new Map([
  ["in-place", "in-place"],
  ["replace", "replace"],
])

/** Where there can only be one machine, requests have to wait for it. */
const holdOf = (spec: Spec, own: Fleet | undefined): Pick<WayWant, "holdMs"> => {
  const holdMs = own?.holdMs ?? (hasExclusiveVolume(spec) ? 30_000 : undefined)
  return holdMs === undefined ? {} : { holdMs }
}

const defaultBy = (spec: Spec, delivery: Delivery): By => {
  if (delivery === "in-place") return inPlace({ strategy: rolling() })
  return replace({ strategy: hasExclusiveVolume(spec) ? allAtOnce() : blueGreen() })
}

const byOf = (delivery: Delivery, name: string, word: string, own: Fleet | undefined): By => {
  const make = delivery === "in-place" ? inPlaceBy[name] : replaceBy[name]
  if (make === undefined) throw unknownWay(word)
  return { ...make(), ...(own === undefined ? {} : { ...own.by, strategy: make().strategy }) }
}

const inPlaceBy: { readonly [strategy: string]: () => By } = {
  "all-at-once": () => inPlace({ strategy: allAtOnce() }),
  rolling: () => inPlace({ strategy: rolling() }),
  canary: () => inPlace({ strategy: canary() }),
}

const replaceBy: { readonly [strategy: string]: () => By } = {
  "all-at-once": () => replace({ strategy: allAtOnce() }),
  rolling: () => replace({ strategy: rolling() }),
  "rolling-with-additional-batch": () => replace({ strategy: rollingWithAdditionalBatch() }),
  immutable: () => replace({ strategy: immutable() }),
  "blue-green": () => replace({ strategy: blueGreen() }),
  canary: () => replace({ strategy: canary() }),
}

const unknownWay = (word: string): FireclayError =>
  new FireclayError("FC_USAGE", `there is no way "${word}"`, {
    at: "--way",
    remedy: [
      ...Object.keys(inPlaceBy).map((name) => `in-place:${name}`),
      ...Object.keys(replaceBy).map((name) => `replace:${name}`),
    ].join(", "),
  })
