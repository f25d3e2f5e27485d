import type { Told } from "../judge.ts"
import { isBookOf, nameOf } from "../owners.ts"
import type { FileChange, ThingChange } from "../survey.ts"
import { mendAccounts } from "./accounts.ts"
import type { Answers } from "./ask.ts"
import type { Left, Mend } from "./mend.ts"
import { isOther, mendPackage, plainName } from "./packages.ts"
import { mendPath, restartsFor } from "./paths.ts"
import { mendFirewall, mendThing } from "./things.ts"

/** What is to be asked about, and taken back: no rule hides it, and no package that is another brings it. */
export const ownOf = (told: readonly Told[]): readonly Told[] => {
  const counted = told.filter(({ finding }) => finding.ignoredBy === undefined)
  const others = counted.filter(({ thing }) => thing?.kind === "package" && isOther(thing))
  const names = new Set(others.map(({ finding }) => nameOf(finding.what)))
  const changed = new Set(
    counted.filter(({ finding }) => finding.kind === "package").map(({ finding }) => nameOf(finding.what)),
  )
  return counted.filter(
    ({ finding, file }) => file === undefined || !(names.has(finding.package ?? "") || isBookOf(finding, changed)),
  )
}

/** Pure: how each thing is taken back, or why it is not. */
export const mendsOf = (told: readonly Told[], answers: Answers): readonly (Mend | Left)[] => {
  const files = told.filter((each): each is Told & { readonly file: FileChange } => each.file !== undefined)
  const things = told.filter((each): each is Told & { readonly thing: ThingChange } => each.thing !== undefined)
  const leaving = new Set(
    things
      .filter(({ thing }) => thing.kind === "package" && thing.before === undefined)
      .map(({ thing }) => plainName(thing.name, answers)),
  )
  const stopped = new Set(
    things
      .filter(({ thing }) => thing.kind === "running unit" && thing.before === undefined)
      .map(({ thing }) => thing.name),
  )
  const mended = files.map((each) => mendPath(each, answers))
  return [
    ...mended,
    ...files.flatMap((each, place): readonly Mend[] => {
      const mend = mended[place]
      const steps = mend === undefined || "why" in mend ? [] : restartsFor(each, answers, stopped)
      return steps.length === 0 ? [] : [{ finding: each.finding, doing: "restart", phase: "units", steps }]
    }),
    ...mendAccounts(told, answers),
    ...mendFirewall(told, answers),
    ...things.flatMap((each) => {
      if (["account", "group", "password", "firewall rule"].includes(each.thing.kind)) return []
      return [each.thing.kind === "package" ? mendPackage(each, answers, leaving) : mendThing(each, answers)]
    }),
    ...told.flatMap((each, place) => (each.finding.kind === "odd name" ? [mendOdd(each, place, answers)] : [])),
  ]
}

const mendOdd = ({ finding }: Told, place: number, { oddDirectories }: Answers): Mend | Left =>
  oddDirectories.has(place)
    ? { finding, why: "a directory: see what is in it" }
    : { finding, doing: "remove", phase: "remove", steps: [{ do: "remove-path", path: finding.what }] }
