import { FireclayError, type Fleet, type Machine, type MachineFacts } from "../../contract/index.ts"
import { fleetMachines } from "../machines.ts"
import type { Workbench } from "../workbench.ts"
import { askFacts } from "./ask.ts"
import { parseFacts } from "./parse.ts"
import type { FactsByMachine } from "./remember.ts"

/**
 * Asks a machine what it is: one round trip.
 *
 * @throws FireclayError FC_MACHINE_UNREACHABLE, FC_OBSERVE
 */
export const factsOf = async (machine: Machine): Promise<MachineFacts> => {
  const { exitCode, stdout, stderr } = await machine.sh(`export LC_ALL=C\n${askFacts}\nexit 0`)
  if (exitCode !== 0)
    throw new FireclayError("FC_OBSERVE", `${machine.name} could not say what it is`, {
      at: machine.name,
      details: [stderr.toString().trimEnd()],
    })
  return parseFacts(machine.name, stdout.toString().split("\0"))
}

/** Facts of the machines of a fleet that exist. Asked are only those of which nothing is known. */
export const factsOfFleet = async (bench: Workbench, fleet: Fleet, known: FactsByMachine): Promise<FactsByMachine> => {
  const machines = (await fleetMachines(bench, fleet)).filter(({ exists }) => exists)
  return new Map(
    await Promise.all(
      machines.map(
        async ({ name, machine }): Promise<readonly [string, MachineFacts]> => [
          name,
          known.get(name) ?? (await factsOf(machine)),
        ],
      ),
    ),
  )
}
