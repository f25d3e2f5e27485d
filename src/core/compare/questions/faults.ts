import type { Answer, Measure } from "../answers.ts"
import { type Comparison, type Fault, type FaultTrial, faults } from "../document.ts"
import { measureOf } from "../measure.ts"
import { namesOf, type Told, tell } from "../told.ts"
import { capital, wordList } from "../words.ts"

/** What became of rollouts into which something was put that goes wrong. */
export const answerFaults = (comparison: Comparison): Answer => {
  const tried = faults.filter((fault) => comparison.faults.some((trial) => trial.fault === fault))
  const told = tried.flatMap((fault) => toldOf(comparison, fault))
  const nameOf = namesOf(comparison.ways)
  return {
    question: "What goes wrong",
    verdict: [
      ...saySound(comparison, nameOf),
      ...tell(told, { nameOf, needed: "had" }),
      ...tried.map((fault) => sayState(comparison, fault, nameOf)),
    ],
    measures: told.flatMap(({ measure }) => measure ?? []),
  }
}

const whenWords: { readonly [fault in Fault]: string } = {
  "a step fails": "when a step fails",
  "a machine is killed": "when a machine is killed",
  "the controller is killed": "when the controller is killed",
  "a bad version": "with a bad version",
}

const toldOf = (comparison: Comparison, fault: Fault): readonly Told[] => {
  const measured = (what: string, unit: Measure["unit"], figure: (trial: FaultTrial) => number): Measure | undefined =>
    measureOf(comparison, { name: `${fault}, ${what}`, unit }, (way) => trialsOf(comparison, way, fault).map(figure))
  const safety = `be safe again ${whenWords[fault]}`
  return [
    {
      measure: measured("until all is safe again", "s", ({ safeAfterSeconds }) => safeAfterSeconds),
      noun: `time to ${safety}`,
      faster: `to ${safety}`,
    },
    {
      measure: measured("failed requests", "requests", ({ failed }) => failed),
      noun: `failed requests ${whenWords[fault]}`,
    },
  ]
}

const trialsOf = ({ faults: trials }: Comparison, way: string, fault: Fault): readonly FaultTrial[] =>
  trials.filter((trial) => trial.way === way && trial.fault === fault)

const saySound = ({ ways, faults: trials }: Comparison, nameOf: (way: string) => string): readonly string[] => {
  if (trials.length === 0) return []
  const unsound = ways.flatMap(({ name }) => {
    const these = trials.filter((trial) => trial.way === name)
    const bad = these.filter(({ sound }) => !sound)
    const after = wordList([...new Set(bad.map(({ fault }) => whenWords[fault]))])
    return bad.length === 0
      ? []
      : [
          `${capital(nameOf(name))} ended with members that were not well or not of one release in ${bad.length} of ${these.length} faults: ${after}.`,
        ]
  })
  const all = ways.length === 1 ? "" : ", whichever way"
  return unsound.length > 0 ? unsound : [`After every fault all members were well and of one release${all}.`]
}

/** What was found afterwards, and what somebody had to do. */
const sayState = (comparison: Comparison, fault: Fault, nameOf: (way: string) => string): string => {
  const found = comparison.ways.flatMap(({ name }) => {
    const trials = trialsOf(comparison, name, fault)
    if (trials.length === 0) return []
    const needed = counted(trials.map((trial) => trial.needed))
    const toDo = needed === "nothing" ? "nothing had to be done" : `it took ${needed}`
    return [{ name: nameOf(name), words: `${counted(trials.map(({ state }) => state))}, and ${toDo}` }]
  })
  const [first] = found
  const isSame = found.length > 1 && found.every(({ words }) => words === first?.words)
  const each =
    isSame && first !== undefined
      ? `whichever way ${first.words}`
      : found.map(({ name, words }) => `${name} ${words}`).join("; ")
  return `${capital(whenWords[fault])}: ${each}.`
}

/** `all of it at the old release`; where runs differ, how many there were of each. */
const counted = (words: readonly string[]): string => {
  const kinds = [...new Set(words)]
  if (kinds.length === 1) return kinds.join("")
  return wordList(
    kinds.map((kind) => `${kind} (${words.filter((word) => word === kind).length} of ${words.length} times)`),
  )
}
