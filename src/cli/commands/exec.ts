import { FireclayError } from "../../contract/index.ts"
import { execute } from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import { loadConfig } from "../config.ts"
import { chooseMachines } from "../machines.ts"

/** Runs one command on each machine of a fleet, or on one machine, as root; answers the worst exit code. */
export const exec: Command<object> = async (context, _options, target = "", ...argv) => {
  // The name of a machine may be in any fleet, that of a fleet only in itself.
  const { project } = await loadConfig(context.options)
  const names = Object.hasOwn(project.fleets, target) ? [target] : []
  return withProject(context, names, async ({ bench, fleets, output }) => {
    if (argv.length === 0)
      throw new FireclayError("FC_USAGE", "there is no command to run", { remedy: `fireclay exec ${target} -- uptime` })
    const machines = await chooseMachines(bench, fleets, target)
    const results = await Promise.all(machines.map((machine) => execute(bench, machine, argv)))
    for (const { machine, stdout, stderr } of results) {
      const prefix = machines.length > 1 ? `${output.paint("dim", `${machine}:`)} ` : ""
      if (stdout !== "") for (const line of stdout.trimEnd().split("\n")) output.print(prefix + line)
      if (stderr !== "")
        output.note(
          stderr
            .trimEnd()
            .split("\n")
            .map((line) => prefix + line)
            .join("\n"),
        )
    }
    output.answer({ machines: results })
    return Math.max(...results.map(({ exitCode }) => exitCode))
  })
}
