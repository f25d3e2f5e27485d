import { FireclayError } from "../../contract/index.ts"
import { listVolumes, unprotectVolume, type VolumeStatus } from "../../core/index.ts"
import { type Command, type Opened, withProject } from "../command.ts"
import type { Output } from "../output.ts"
import { bytes } from "../render/bytes.ts"
import { table } from "../render/table.ts"

/** What the engine keeps beyond instances; `unprotect VOLUME` ends a protection. */
export const volumes: Command<object> = (context, _options, word, volume) => {
  if (word === "unprotect") return withProject(context, [], (opened) => unprotect(opened, volume), { hosts: false })
  if (volume !== undefined)
    throw new FireclayError("FC_USAGE", `"${word}" is nothing that can be done to a volume`, {
      remedy: "fireclay volumes unprotect FLEET/NAME",
    })
  return withProject(context, [], (opened) => list(opened, word), { hosts: false })
}

const unprotect = async ({ bench, output }: Opened, name: string | undefined): Promise<number> => {
  if (name === undefined)
    throw new FireclayError("FC_USAGE", "it is not said which volume", {
      remedy: "fireclay volumes unprotect FLEET/NAME",
    })
  const volume = await unprotectVolume(bench, name)
  output.print(`${output.paint("green", "✓")} ${volume} is no longer protected`)
  output.answer({ unprotected: volume })
  return 0
}

/** A fleet that has left the configuration may be named too: its data has not. */
const list = async ({ bench, output }: Opened, fleet: string | undefined): Promise<number> => {
  const all = (await listVolumes(bench)).filter((volume) => fleet === undefined || volume.fleet === fleet)
  output.print(
    all.length === 0
      ? "no volumes"
      : table(
          heads,
          all.map((volume) => row(volume, output.paint)),
        ),
  )
  output.answer({ volumes: all })
  return 0
}

const heads = ["volume", "fleet", "size", "in use by", "", "path"]

const row = (volume: VolumeStatus, paint: Output["paint"]): readonly string[] => [
  volume.name,
  volume.fleet,
  volume.size === undefined ? "–" : bytes(volume.size),
  volume.usedBy.join(", ") || "–",
  [
    ...(volume.protected ? [paint("green", "protected")] : []),
    ...(volume.orphaned ? [paint("yellow", "orphaned")] : []),
  ].join(", "),
  volume.path,
]
