import { FireclayError, type Fleet } from "../../contract/index.ts"
import { type Held, lookAtLease, unlock as takeOver } from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import { confirmByName } from "../confirm.ts"
import { printable } from "../render/printable.ts"

export interface UnlockOptions {
  readonly yes?: boolean
}

/** Takes a fleet from a controller that is dead. One that is not is fenced off, and changes nothing more. */
export const unlock: Command<UnlockOptions> = (context, options, name = "") =>
  withProject(context, [name], async ({ bench, fleets, output }) => {
    const [fleet] = fleets as readonly [Fleet]
    const held = await lookAtLease(bench, fleet)
    output.print(held === undefined ? `Nobody is working on ${fleet.name}.` : describe(fleet, held))
    if (held !== undefined && !(await confirmByName(output, "Take it over?", fleet.name, options.yes === true)))
      throw new FireclayError("FC_CANCELLED", "nothing was done")
    const token = await takeOver(bench, fleet)
    output.print(`${output.paint("green", "✓")} ${fleet.name} is free, and its machines are at rest`)
    output.answer({ fleet: fleet.name, held: held ?? null, token })
    return 0
  })

const describe = (fleet: Fleet, { holder, life, expired }: Held): string =>
  [
    `${fleet.name} is held by ${printable(holder.who)} on ${printable(holder.host)} (process ${holder.pid})`,
    ...(holder.doing === undefined ? [] : [`  doing    ${printable(holder.doing)}`]),
    `  since    ${holder.since}`,
    `  expires  ${holder.expires}${expired ? ": it has" : ""}`,
    `  process  ${lives[life]}`,
  ].join("\n")

const lives: { readonly [life in Held["life"]]: string } = {
  gone: "is gone",
  alive: "runs on this computer: rather stop that one, and what it began is taken back",
  unknown: "runs elsewhere, or ran there: not known",
}
