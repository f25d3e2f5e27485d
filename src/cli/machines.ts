import { FireclayError, type Fleet, type Machine } from "../contract/index.ts"
import { fleetMachines, type Workbench } from "../core/index.ts"

/**
 * The machines of a fleet, or one machine, by name; all when none is named. Only those that run.
 *
 * @throws FireclayError FC_FLEET_UNKNOWN
 */
export const chooseMachines = async (
  bench: Workbench,
  fleets: readonly Fleet[],
  target: string | undefined,
): Promise<readonly Machine[]> => {
  const all = (
    await Promise.all(
      fleets.map(async (fleet) =>
        (await runningMachines(bench, fleet)).map((machine) => ({ fleet: fleet.name, machine })),
      ),
    )
  ).flat()
  const chosen = all
    .filter(({ fleet, machine }) => target === undefined || fleet === target || machine.name === target)
    .map(({ machine }) => machine)
  if (chosen.length > 0 || target === undefined) return chosen
  throw new FireclayError("FC_FLEET_UNKNOWN", `nothing that runs is called "${target}"`, {
    remedy: `running: ${[...fleets.map(({ name }) => name), ...all.map(({ machine }) => machine.name)].join(", ")}`,
  })
}

const runningMachines = async (bench: Workbench, fleet: Fleet): Promise<readonly Machine[]> => {
  if (fleet.by.delivery === "in-place")
    return (await fleetMachines(bench, fleet)).filter(({ exists }) => exists).map(({ machine }) => machine)
  const engine = bench.engine(fleet)
  return (await engine.list())
    .filter((instance) => instance.fleet === fleet.name && instance.running)
    .map(({ name }) => engine.machine(name))
}
