import type { Measure, Recommendation } from "./answers.ts"
import type { Side, Sides } from "./sides.ts"
import { deliveryNames } from "./told.ts"
import { wordCount, wordFigure, wordList } from "./words.ts"

export interface Rule {
  /** As a report prints it. */
  readonly rule: string
  readonly look: (sides: Sides) => Seen
}

interface Seen {
  /** The figures. */
  readonly saw: string
  /** Absent: the rule does not hold. */
  readonly choice?: Recommendation["choice"]
}

/** So long somebody waits for an update without going away. */
const acceptableSeconds = 60

/** So many times as fast is worth a second way to deliver. */
const muchFaster = 2

/** In the order in which they are asked: what must not be, then what data need, then what is better. */
export const rules: readonly Rule[] = [
  {
    rule: "A way after whose faults members are not well, or not of one release, is not chosen.",
    look: (sides) => {
      const { inPlace, replace } = sides
      const saw = both(sides, ({ unsound, faults }) => `${unsound} of ${faults} faults ended so`)
      if (inPlace.unsound > 0 === replace.unsound > 0) return { saw }
      return { saw, choice: nameOf(inPlace.unsound > 0 ? replace : inPlace) }
    },
  },
  {
    rule: "A way that clearly loses more requests is not chosen.",
    look: (sides) => {
      const counts = both(sides, ({ lost, sent }) => `${wordCount(lost)} of ${wordCount(sent)} requests lost`)
      return { ...betterOf(sides, sides.lost), saw: withDoubt(counts, sides.lost) }
    },
  },
  {
    rule: "Data on a volume that one machine at a time may hold are delivered in place: a replacement would have to wait until the volume is let go of.",
    look: ({ hasExclusiveVolume }) =>
      hasExclusiveVolume
        ? { saw: "the spec has such a volume", choice: "in place" }
        : { saw: "the spec has no such volume" },
  },
  {
    rule: `Where changes by hand stay in place, and building and deploying by replacement takes no more than ${acceptableSeconds} s or is not clearly slower, replace.`,
    look: (sides) => {
      const { inPlace, replace, built } = sides
      const left = both(sides, (side) => `${side.left} of ${wordFigure(side.handChanges, "changes")} left`)
      const saw = `${left}; to build and deploy: ${figuresOf(sides, built.update)}`
      const holds = inPlace.left > replace.left && isAcceptable(sides, built.update)
      return holds ? { saw, choice: "by replacement" } : { saw }
    },
  },
  {
    rule: `Where one changed file is at least ${muchFaster} × as fast in place, and replacing is clearly better at something else, replace the base and change the configuration in place.`,
    look: (sides) => {
      const factor = fasterInPlace(sides, sides.built.file)
      const advantages = replaceAdvantages(sides)
      const of = advantages.length === 0 ? "nothing" : wordList(advantages)
      const saw = `one changed file: ${figuresOf(sides, sides.built.file)}; replacing is clearly better at ${of}`
      const holds = factor >= muchFaster && advantages.length > 0
      return holds ? { saw, choice: "immutable base, configuration in place" } : { saw }
    },
  },
  {
    rule: "The way is chosen that is safe again sooner after more kinds of faults.",
    look: (sides) => {
      const measures = sides.safety.map(({ measure }) => measure)
      return majority(sides, measures, "kinds of faults")
    },
  },
  {
    rule: "The way is chosen that is clearly faster to build and deploy the update.",
    look: (sides) => ({ ...betterOf(sides, sides.built.update), saw: figuresOf(sides, sides.built.update) }),
  },
  {
    rule: "The way is chosen that is clearly faster to roll back.",
    look: (sides) => ({ ...betterOf(sides, sides.built.rollback), saw: figuresOf(sides, sides.built.rollback) }),
  },
  {
    rule: "The way is chosen that clearly needs less of more kinds of resources.",
    look: (sides) => majority(sides, sides.use, "kinds of resources"),
  },
]

const nameOf = ({ delivery }: Side): "in place" | "by replacement" => deliveryNames[delivery]

/** `0 of 20 faults ended so in place, 3 of 20 faults ended so by replacement`. */
const both = ({ inPlace, replace }: Sides, word: (side: Side) => string): string =>
  [inPlace, replace].map((side) => `${word(side)} ${nameOf(side)}`).join(", ")

/** `4.2 s in place, 14 s by replacement`. */
const figuresOf = ({ inPlace, replace }: Sides, measure: Measure | undefined): string => {
  if (measure === undefined) return "not measured"
  const figures = [inPlace, replace].map((side) => {
    const median = measure.spreads.find(({ way }) => way === side.way)?.median
    return `${median === undefined ? "not measured" : wordFigure(median, measure.unit)} ${nameOf(side)}`
  })
  return withDoubt(figures.join(", "), measure)
}

const withDoubt = (figures: string, measure: Measure | undefined): string => {
  if (measure === undefined || measure.difference.clear) return figures
  return measure.difference.why === "few" ? `${figures}: too few runs to tell` : `${figures}: no clear difference`
}

const betterOf = (sides: Sides, measure: Measure | undefined): Pick<Seen, "choice"> => {
  if (measure === undefined || !measure.difference.clear) return {}
  return { choice: nameOf(measure.difference.better === sides.inPlace.way ? sides.inPlace : sides.replace) }
}

/** Not measured is not acceptable. */
const isAcceptable = ({ replace }: Sides, measure: Measure | undefined): boolean => {
  const median = measure?.spreads.find(({ way }) => way === replace.way)?.median
  if (measure === undefined || median === undefined) return false
  const { difference } = measure
  return median <= acceptableSeconds || (difference.clear && difference.better === replace.way) || isAlike(measure)
}

const isAlike = ({ difference }: Measure): boolean =>
  !difference.clear && difference.why !== "few" && difference.why !== "one way"

const fasterInPlace = ({ inPlace }: Sides, measure: Measure | undefined): number => {
  if (measure === undefined || !measure.difference.clear || measure.difference.better !== inPlace.way) return 0
  return measure.difference.factor ?? Number.POSITIVE_INFINITY
}

const replaceAdvantages = (sides: Sides): readonly string[] => {
  const isBetter = (measure: Measure | undefined) => betterOf(sides, measure).choice === "by replacement"
  const badVersion = sides.safety.find(({ fault }) => fault === "a bad version")?.measure
  return [
    ...(isBetter(sides.deploy) ? ["deploying what is built"] : []),
    ...(isBetter(sides.built.rollback) ? ["rolling back"] : []),
    ...(isBetter(badVersion) ? ["being safe from a bad version"] : []),
    ...(sides.replace.left < sides.inPlace.left ? ["drift"] : []),
  ]
}

const majority = (sides: Sides, measures: readonly Measure[], of: string): Seen => {
  const wins = (side: Side) => measures.filter((measure) => betterOf(sides, measure).choice === nameOf(side)).length
  const saw = `of ${measures.length} ${of} ${both(sides, (side) => `${wins(side)}`)}`
  const ahead = wins(sides.inPlace) - wins(sides.replace)
  return ahead === 0 ? { saw } : { saw, choice: nameOf(ahead > 0 ? sides.inPlace : sides.replace) }
}
