import type { MachineFacts } from "../../contract/index.ts"
import { factsOf } from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import { chooseMachines } from "../machines.ts"
import { table } from "../render/table.ts"

/** What machines say of themselves: all of them, those of one fleet, or one. */
export const facts: Command<object> = (context, _options, target) =>
  withProject(context, [], async ({ bench, fleets, output }) => {
    const all = await Promise.all((await chooseMachines(bench, fleets, target)).map(factsOf))
    output.print(table(["machine", "system", "kernel", "processors", "memory", "address", "runs on"], all.map(row)))
    output.answer({ machines: all })
    return 0
  })

const row = (machine: MachineFacts): readonly string[] => [
  machine.name,
  [machine.os.id, machine.os.version, machine.os.codename].filter((word) => word !== "").join(" "),
  `${machine.kernel} ${machine.architecture}`,
  String(machine.cpus),
  `${(machine.memoryBytes / 2 ** 30).toFixed(1)} GiB`,
  machine.addresses.default ?? "–",
  machine.virtualization === "none" ? "hardware" : machine.virtualization,
]
