import type { Step } from "../../../contract/index.ts"
import type { Told } from "../judge.ts"
import type { ThingChange } from "../survey.ts"
import type { Answers } from "./ask.ts"
import { command, type Left, type Mend } from "./mend.ts"

/** Back to the version that it had, or to none; and held, or not. */
export const mendPackage = (
  { finding, thing }: Told & { readonly thing: ThingChange },
  answers: Answers,
  /** Those that go, as apt calls them. */
  leaving: ReadonlySet<string>,
): Mend | Left => {
  const [before, after] = [toState(thing.before), toState(thing.after)]
  const name = plainName(thing.name, answers)
  const isLost = after?.state === "installed" && !answers.had.has(askedName(thing.name))
  const mend = (doing: string, steps: readonly Step[]): Mend => {
    const isReplaced = steps.some((step) => step.do === "remove-packages" || step.do === "install-packages")
    return { finding, doing, phase: "packages", steps, ...(isReplaced && isLost ? { forGood: true } : {}) }
  }
  if (before === undefined) {
    if (after?.state !== "installed") return mend("purge", [command(["dpkg", "--purge", "--", name])])
    const others = answers.going.filter((going) => !leaving.has(going))
    if (others.length > 0) return { finding, why: `with it would go ${others.join(", ")}` }
    return mend("remove", [{ do: "remove-packages", packages: [name], alongside: [] }])
  }
  if (before.state !== "installed") return { finding, why: "it was not whole before either" }
  const isOther = after?.version !== before.version || after.state !== "installed"
  if (isOther && !answers.offers.has(askedName(thing.name)))
    return { finding, why: `version ${before.version} cannot be had any more` }
  const hold = (held: boolean): Step =>
    command(["apt-mark", held ? "hold" : "unhold", name], ["apt-mark", held ? "unhold" : "hold", name])
  const install: Step = { do: "install-packages", packages: [{ name, version: before.version }] }
  const steps = [
    ...(after?.held === true ? [hold(false)] : []),
    ...(isOther ? [install] : []),
    ...(before.held ? [hold(true)] : []),
  ]
  return mend(isOther ? `back to ${before.version}` : before.held ? "hold" : "no longer held", steps)
}

/** A package that is another now: what it has is told, and put right, with it. */
export const isOther = ({ before, after }: ThingChange): boolean => {
  const [was, is] = [toState(before), toState(after)]
  return was?.version !== is?.version || was?.state !== is?.state
}

const toState = (
  text: string | undefined,
): { readonly version: string; readonly state: string; readonly held: boolean } | undefined => {
  if (text === undefined) return undefined
  const [version = "", state = "", held] = text.split(" ")
  return { version, state, held: held === "held" }
}

/** What is of no architecture, apt wants to be asked for without one. */
export const askedName = (name: string): string => name.replace(/:all$/, "")

/** As apt calls it. */
export const plainName = (name: string, { architecture }: Answers): string =>
  name.replace(new RegExp(`:(all|${RegExp.escape(architecture)})$`), "")
