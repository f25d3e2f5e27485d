import { FireclayError, type Machine } from "../../contract/index.ts"
import { gate } from "./container.ts"

const directory = "/run/fireclay"

/** Writes files into the container's memory, for root only, and lets its program start. */
export const giveFiles = async (
  machine: Machine,
  files: ReadonlyMap<string, Uint8Array>,
  options: { readonly gated: boolean },
): Promise<void> => {
  const lines = [...files].map(([name, bytes]) => {
    const path = quote(`${directory}/${name}`)
    return `mkdir -p "$(dirname ${path})" && head -c ${bytes.length} >${path} || exit 1`
  })
  const open = options.gated ? [`: >${gate}`] : []
  const input = Buffer.concat([...files.values()])
  try {
    const { exitCode, stderr } = await machine.sh(["umask 077", ...lines, ...open].join("\n"), { input })
    if (exitCode !== 0)
      throw new FireclayError("FC_INSTANCE_START", `${machine.name} could not be given its start files`, {
        at: machine.name,
        details: [stderr.toString().trim()],
      })
  } finally {
    await machine.close()
  }
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
