import { judge } from "../../src/core/drift/judge.ts"
import { survey } from "../../src/core/drift/survey.ts"
import { sideBySide } from "../../src/core/side-by-side.ts"
import { findRoots, where } from "../../src/core/tree/scan.ts"
import type { Server } from "./servers.ts"

export const noData = { resources: [], volumes: [], scratch: [] } as const

/** What `fireclay drift` does to see what nobody asked for. */
export const ownLook = async (
  { machine }: Pick<Server, "machine">,
  want: { readonly full?: boolean } = {},
): Promise<void> => {
  const surveyed = await survey({ machine, data: noData }, want)
  if (surveyed === undefined) throw new Error(`${machine.name} has no baseline`)
  const { findings } = judge(surveyed, noData)
  if (findings.length > 0) throw new Error(`found on ${machine.name}: ${JSON.stringify(findings.slice(0, 5))}`)
}

export const lookAtAll = async (servers: readonly Server[]): Promise<void> => {
  await sideBySide(servers, (server) => ownLook(server))
}

const roots = findRoots.join("; ")
const find = `${roots}; ${where} -printf '%p\\t%y\\t%#m\\t%u\\t%g\\t%s\\t%T@\\t%C@\\t%i\\t%l\\n'`

/** Scripts of the others, for the machine itself. */
export const peers = {
  find: `${find} >/dev/null`,
  count: `${find} | wc -l`,
  aideInit:
    "{ aide --config /etc/aide/aide.conf --init >/dev/null 2>&1; mv /var/lib/aide/aide.db.new /var/lib/aide/aide.db; }",
  aide: "aide --config /etc/aide/aide.conf --check >/dev/null 2>&1; test $? -lt 14",
} as const

/** Every file read, over all cores. */
export const hashes: Readonly<Record<string, string>> = Object.fromEntries(
  ["b2sum", "sha256sum", "sha512sum", "sha1sum"].map((program) => [
    program,
    `${roots}; ${where} -type f -print0 | xargs -0 -n 200 -P "$(nproc)" ${program} -- >/dev/null`,
  ]),
)
