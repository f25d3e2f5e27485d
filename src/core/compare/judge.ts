import type { Answers } from "./answers.ts"
import type { Comparison } from "./document.ts"
import { answerDeployment } from "./questions/deployment.ts"
import { answerDrift } from "./questions/drift.ts"
import { answerErrors } from "./questions/errors.ts"
import { answerFaults } from "./questions/faults.ts"
import { answerResources } from "./questions/resources.ts"
import { answerScalability, scaleModels } from "./questions/scalability.ts"
import { recommend } from "./recommend.ts"

/** What the measurements say, question by question, and which way they speak for. Pure. */
export const judge = (comparison: Comparison): Answers => {
  const models = scaleModels(comparison)
  return {
    answers: [
      answerDeployment(comparison),
      answerResources(comparison),
      answerErrors(comparison),
      answerScalability(comparison, models),
      answerFaults(comparison),
      answerDrift(comparison),
    ],
    models,
    recommendation: recommend(comparison),
  }
}
