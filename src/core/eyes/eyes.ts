import { randomBytes } from "node:crypto"
import { type Eyes, FireclayError, type Machine, type UnitState } from "../../contract/index.ts"
import { foreseeLibrary } from "../transaction/library.ts"
import { type Answers, parseAnswers } from "./answers.ts"
import type { Ground } from "./ground.ts"
import { noForesight } from "./packages.ts"
import { compileQuestions, noQuestions, type Questions } from "./questions.ts"

/** Eyes on a machine, and how often they had to look. */
export interface BatchedEyes {
  readonly eyes: Eyes
  /** What a path stands on; `undefined`: nothing is there. Links are followed. */
  readonly ground: (path: string) => Promise<Ground | undefined>
  /** What the script that goes ahead of the first questions printed. */
  readonly first: () => Promise<readonly string[]>
  /** Round trips so far. */
  readonly rounds: () => number
}

const noUnit: UnitState = { exists: false, active: false, enabled: false, state: "inactive" }

/**
 * Gathers the questions of all resources that observe at the same time and asks them in one script. A round leaves
 * when nothing more can be asked without an answer: one turn of the event loop after the last question.
 *
 * @param ahead a script for the first round, before its questions; what it prints are fields that end in NUL
 */
export const openEyes = (machine: Machine, ahead?: string): BatchedEyes => {
  let open = noQuestions()
  let answers: Promise<Answers> | undefined
  let rounds = 0

  const look = async (): Promise<Answers> => {
    await new Promise((resolve) => setImmediate(resolve))
    const asked = open
    open = noQuestions()
    answers = undefined
    rounds += 1
    return ask(machine, asked, rounds === 1 ? ahead : undefined)
  }

  let first: Promise<Answers> | undefined
  const next = (): Promise<Answers> => {
    answers ??= look()
    first ??= answers
    return answers
  }

  const put = async <T>(kind: keyof Questions, question: string, pick: (answers: Answers) => T): Promise<T> => {
    open[kind].add(question)
    return pick(await next())
  }

  return {
    rounds: () => rounds,
    ground: (path) => put("ground", path, (all) => all.ground.get(path)),
    first: async () => (await (first ?? next())).ahead,
    eyes: {
      stat: (path) => put("stat", path, (all) => all.stat.get(path)),
      sha256: (path) => put("sha256", path, (all) => all.sha256.get(path)),
      text: (path) => put("text", path, (all) => all.text.get(path)),
      tree: (path) => put("tree", path, (all) => all.tree.get(path) ?? []),
      package: (name) => put("package", name, (all) => all.package.get(name)),
      packages: (asked) => {
        const question = JSON.stringify(asked)
        return put("packages", question, (all) => all.packages.get(question) ?? noForesight)
      },
      user: (name) => put("user", name, (all) => all.user.get(name)),
      group: (name) => put("group", name, (all) => all.group.get(name)),
      unit: (name) => put("unit", name, (all) => all.unit.get(name) ?? noUnit),
      run: (argv) => {
        const question = JSON.stringify(argv)
        return put("run", question, (all) => all.run.get(question) ?? { exitCode: -1, stdout: "" })
      },
    },
  }
}

const ask = async (machine: Machine, questions: Questions, ahead?: string): Promise<Answers> => {
  const marker = `fireclay-${randomBytes(12).toString("hex")}`
  const library = questions.packages.size === 0 ? "" : await foreseeLibrary()
  const { exitCode, stdout, stderr } = await machine.sh(compileQuestions(questions, marker, ahead, library))
  if (exitCode !== 0)
    throw new FireclayError("FC_OBSERVE", `${machine.name} could not answer what it was asked`, {
      at: machine.name,
      remedy: "its shell needs the coreutils of a Debian machine",
      details: stderr.toString().trimEnd().split("\n").slice(-8),
    })
  return parseAnswers(stdout, marker, questions)
}
