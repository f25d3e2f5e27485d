import { z } from "zod"
import {
  type CommandStep,
  type Resource,
  type ResourceType,
  type RunResult,
  type SecretReference,
  splitEnvironment,
} from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { argv, environment as environmentField, machinePath, name } from "../schema/fields.ts"
import { compact, defineResource, nothingToDo } from "./define.ts"

export interface CommandOptions {
  /** Program and arguments; no shell takes part. */
  readonly run: readonly string[]
  /** Only looks. Exit 0: all is as it should be, and `run` is left alone. */
  readonly check: readonly string[]
  /** Takes `run` back. Without it the plan says *cannot be undone*. */
  readonly undo?: readonly string[]
  /** Default: root. */
  readonly user?: string
  readonly directory?: string
  /** For `run` and `undo`. Secrets among them reach the program and appear in no list of processes. */
  readonly environment?: { readonly [name: string]: string | SecretReference }
}

type CommandWant = Omit<CommandStep, "do" | "argv" | "secrets"> & {
  readonly name: string
  readonly run: readonly string[]
  readonly check: readonly string[]
  readonly [key: string]: string | readonly string[] | { readonly [name: string]: string }
}

const construct = (commandName: string, options: CommandOptions): Resource => {
  const at = `command("${commandName}")`
  check(z.string().min(1).max(100), commandName, at)
  const { environment, ...rest } = check(schema, options, at)
  const { plain, secrets } = splitEnvironment(environment)
  return {
    type: "command",
    id: `command:${commandName}`,
    want: compact({ name: commandName, ...rest, environment: environment && plain }),
    ...(Object.keys(secrets).length === 0
      ? {}
      : { sources: [{ assignments: secrets, form: "shell", at: `${at}.environment` }] }),
  }
}

const schema = z.strictObject({
  run: argv,
  check: argv,
  undo: argv.optional(),
  user: name.optional(),
  directory: machinePath.optional(),
  environment: environmentField.optional(),
})

const resourceType: ResourceType<CommandWant, RunResult> = {
  type: "command",

  observe: (eyes, want) => eyes.run(want.check),

  plan: ({ name: _name, check: _check, run, ...how }, have, { contents: [secrets] }) =>
    have.exitCode === 0
      ? nothingToDo
      : {
          changes: [{ property: "run", from: `check ended with ${have.exitCode}`, to: run.join(" ") }],
          steps: [{ do: "run-command", argv: run, ...how, ...(secrets === undefined ? {} : { secrets }) }],
        },

  // What a command did is not a thing that could be taken away; its `undo` belongs to the run that failed.
  remove: () => nothingToDo,
}

/** A program that brings something about that no other resource describes. */
export const command = defineResource(construct, resourceType)
