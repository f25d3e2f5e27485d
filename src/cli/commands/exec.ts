import { FireclayError, type Fleet, type Machine } from "../../contract/index.ts"
import { execute, fleetMachines, type Workbench } from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"

/** Runs one command on each machine of a fleet, or on one machine, as root; answers the worst exit code. */
export const exec: Command<object> = (context, _options, target = "", ...argv) =>
  withProject(context, [], async ({ bench, fleets, output }) => {
    if (argv.length === 0)
      throw new FireclayError("FC_USAGE", "there is no command to run", { remedy: `fireclay exec ${target} -- uptime` })
    const machines = await chooseMachines(bench, fleets, target)
    const results = await Promise.all(machines.map((machine) => execute(machine, argv)))
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

const chooseMachines = async (
  bench: Workbench,
  fleets: readonly Fleet[],
  target: string,
): Promise<readonly Machine[]> => {
  const all = (
    await Promise.all(
      fleets.map(async (fleet) =>
        (await runningMachines(bench, fleet)).map((machine) => ({ fleet: fleet.name, machine })),
      ),
    )
  ).flat()
  const chosen = all
    .filter(({ fleet, machine }) => fleet === target || machine.name === target)
    .map(({ machine }) => machine)
  if (chosen.length > 0) return chosen
  throw new FireclayError("FC_FLEET_UNKNOWN", `nothing that runs is called "${target}"`, {
    remedy: `running: ${[...fleets.map(({ name }) => name), ...all.map(({ machine }) => machine.name)].join(", ")}`,
  })
}

const runningMachines = async (bench: Workbench, fleet: Fleet): Promise<readonly Machine[]> => {
  if (fleet.by.delivery === "in-place")
    return (await fleetMachines(bench, fleet)).filter(({ exists }) => exists).map(({ machine }) => machine)
  const engine = bench.engine()
  return (await engine.list())
    .filter((instance) => instance.fleet === fleet.name && instance.running)
    .map(({ name }) => engine.machine(name))
}
