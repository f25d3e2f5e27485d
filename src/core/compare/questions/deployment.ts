import type { Answer, Measure } from "../answers.ts"
import type { Change, Comparison, Trial } from "../document.ts"
import { measureOf, secondsWithBuild, trialRuns } from "../measure.ts"
import { spreadOf } from "../statistics.ts"
import { namesOf, type Told, tell } from "../told.ts"
import { capital, wordFigure } from "../words.ts"

/** How long each change took until it was in force. */
export const answerDeployment = (comparison: Comparison): Answer => {
  const timeOf = (change: Change, until: Until): Measure | undefined =>
    measureOf(comparison, { name: `${changeNames[change]}, ${until.name}`, unit: "s" }, (way) =>
      trialRuns(comparison, way, change, until.seconds),
    )
  // Once nothing was built, both times are the same one.
  const builtOf = (change: Change): Measure | undefined =>
    comparison.trials.some((trial) => trial.change === change && (trial.seconds.build ?? 0) > 0)
      ? timeOf(change, untils.built)
      : undefined
  const told: readonly Told[] = [
    { measure: timeOf("update", untils.all), noun: "time to deploy", faster: "to deploy" },
    {
      measure: timeOf("update", untils.first),
      noun: "time to the first new answer",
      faster: "to the first new answer",
    },
    { measure: timeOf("update", untils.total), noun: "time to finish", faster: "to finish" },
    { measure: builtOf("update"), noun: "time to build and deploy", faster: "to build and deploy" },
    { measure: timeOf("rollback", untils.all), noun: "time to roll back", faster: "to roll back" },
    ...(["file", "package"] as const).map((change) => ({
      measure: builtOf(change) ?? timeOf(change, untils.all),
      noun: `time to ${built(builtOf(change))}deploy one changed ${change}`,
      faster: `to ${built(builtOf(change))}deploy one changed ${change}`,
    })),
  ]
  const measures = (["update", "rollback", "file", "package"] as const).flatMap((change) =>
    [
      timeOf(change, untils.build),
      ...(change === "update" ? [timeOf(change, untils.first)] : []),
      timeOf(change, untils.all),
      builtOf(change),
      ...(change === "update" ? [timeOf(change, untils.total)] : []),
    ].filter((measure) => measure !== undefined),
  )
  const teller = { nameOf: namesOf(comparison.ways), needed: "needed" }
  return { question: "Deployment time", verdict: [...tell(told, teller), ...sayBuilds(comparison)], measures }
}

interface Until {
  readonly name: string
  readonly seconds: (trial: Trial) => number | undefined
}

const untils = {
  build: { name: "building before it", seconds: ({ seconds }) => seconds.build || undefined },
  first: { name: "until the first answer of the new version", seconds: ({ seconds }) => seconds.first },
  all: { name: "until all answers are of the new version", seconds: ({ seconds }) => seconds.all },
  built: { name: "building and until all answers are of the new version", seconds: secondsWithBuild },
  total: { name: "until nothing of it is left to do", seconds: ({ seconds }) => seconds.total },
} as const satisfies { readonly [name: string]: Until }

const changeNames: { readonly [change in Change]: string } = {
  update: "update",
  rollback: "rollback",
  file: "one file changed",
  package: "one package changed",
}

const built = (measure: Measure | undefined): string => (measure === undefined ? "" : "build and ")

const sayBuilds = (comparison: Comparison): readonly string[] => {
  const nameOf = namesOf(comparison.ways)
  return comparison.ways.flatMap(({ name }) => {
    const spread = spreadOf(trialRuns(comparison, name, "update", untils.build.seconds))
    return spread === undefined
      ? []
      : [`${capital(nameOf(name))} bakes an image before the update: ${wordFigure(spread.median, "s")}.`]
  })
}
