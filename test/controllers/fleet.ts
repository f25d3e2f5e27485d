import { join } from "node:path"
import type { Fleet, Spec } from "../../src/contract/index.ts"
import { command, file } from "../../src/resources/index.ts"
import { fleet, inPlace, spec, ssh } from "../../src/spec/index.ts"
import { rolling } from "../../src/strategies/index.ts"
import { me } from "../support/apply.ts"
import { nameFleet } from "../support/fleet.ts"
import type { ShellPlaces } from "../support/shell-machine.ts"

/** What a controller is started with. */
export interface Given {
  readonly who: string
  /** The directory of its store. */
  readonly state: string
  readonly machine: ShellPlaces
}

export type Order =
  | { readonly plan: string }
  | { readonly apply: string; readonly afterMs?: number; readonly pauseAt?: string }
  | { readonly unlock: true }

/**
 * Each version says in a diary on the machine when it begins, ends, and is taken back; between, it takes its time: a slow one, more than the
 * other will wait for the machine. */
export const specOf = ({ machine }: Given, version: string): Spec => {
  const diary = join(machine.root, "diary")
  const write = (word: string): readonly string[] => ["sh", "-c", 'echo "$1 $2" >> "$3"', "sh", word, version, diary]
  const note = (name: string, word: string, undo: readonly string[]) =>
    command(`${name} ${version}`, { check: ["false"], run: [...write(word)], undo: [...undo] })
  return spec("web", {
    resources: [
      note("begin", "begin", write("undone")),
      file(join(machine.root, "version"), { content: version, ...me }),
      command(`wait ${version}`, {
        check: ["false"],
        run: ["sleep", version.endsWith("slow") ? "1.5" : "0.1"],
        undo: ["true"],
      }),
      file(join(machine.root, "version again"), { content: version, ...me }),
      note("end", "end", ["true"]),
    ],
    port: 80,
    health: { path: "/", within: "5s" },
  })
}

export const fleetOf = (given: Given): Fleet => {
  return nameFleet(
    fleet(specOf(given, "0"), {
      on: ssh({ hosts: ["web1"] }),
      by: inPlace({ strategy: rolling(), confirm: "60s" }),
    }),
  )
}
