import type { Machine } from "../../../contract/index.ts"
import type { Mending } from "../../plan/types.ts"
import type { Manifest } from "../../release.ts"
import { judgeEach, type Told } from "../judge.ts"
import { askOwners, nameOf, ownerOf } from "../owners.ts"
import type { RulesNow } from "../rules.ts"
import { survey } from "../survey.ts"
import { askAbout, mendDirectory } from "./ask.ts"
import { isForGood, isLeft, isMend, type Left, type Mend, stepsOf } from "./mend.ts"
import { mendsOf, ownOf } from "./mends.ts"

/** What nobody asked for on a machine, and what becomes of it. */
export interface Mends {
  readonly mends: readonly Mend[]
  readonly left: readonly Left[]
}

export interface MendLook {
  readonly manifest: Manifest
  readonly rules: RulesNow
  /** Read every file, whatever its times say. */
  readonly full: boolean
  /** False: what could not be undone is left. */
  readonly allowIrreversible: boolean
}

/** Looks at a machine, and says how what nobody asked for would be taken back. Changes nothing on it. */
export const lookForMends = async (
  machine: Machine,
  { manifest, rules, full, allowIrreversible }: MendLook,
): Promise<Mends> => {
  const surveyed = await survey({ machine, data: manifest, watch: rules.watch }, { full })
  if (surveyed === undefined) return { mends: [], left: [] }
  const { told } = judgeEach(surveyed, manifest, { rules })
  const own = ownOf(await withOwners(machine, told))
  if (own.length === 0) return { mends: [], left: [] }
  const { rules: firewall, ...answers } = await askAbout(machine, own)
  // All rules are loaded at once, or none: those that are hidden would go as well.
  const isHidden = told.some(({ finding }) => finding.kind === "firewall rule" && finding.ignoredBy !== undefined)
  const all = mendsOf(own, firewall === undefined || isHidden ? answers : { ...answers, rules: firewall })
  const mends = all.filter(isMend)
  const kept = allowIrreversible ? mends : mends.filter((mend) => !isForGood(mend))
  return {
    mends: kept,
    left: [
      ...all.filter(isLeft),
      ...mends
        .filter((mend) => !kept.includes(mend))
        .map(({ finding, doing }) => ({
          finding,
          why: `to ${doing} could not be undone, and nobody said that it may be done`,
        })),
    ],
  }
}

const withOwners = async (machine: Machine, told: readonly Told[]): Promise<readonly Told[]> => {
  const paths = told.flatMap(({ file }) => (file === undefined ? [] : [file.path]))
  if (paths.length === 0) return told
  const owners = await askOwners(machine, paths)
  return told.map((each) => {
    const owner = each.file === undefined ? undefined : ownerOf(each.file.path, owners)
    return owner === undefined ? each : { ...each, finding: { ...each.finding, package: nameOf(owner) } }
  })
}

/** As a transaction takes it. */
export const mendingOf = ({ mends }: Mends): Mending => {
  const steps = stepsOf(mends)
  const contents = steps.flatMap((step) => (step.do === "write-file" ? [step.content.sha256] : []))
  return { steps, there: new Map(contents.map((sha256) => [sha256, `${mendDirectory}/${sha256}`])) }
}
