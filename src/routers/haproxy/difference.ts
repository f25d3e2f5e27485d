import { changeCheckMap, checkMap } from "./checks.ts"
import type { Placed, Section, Told } from "./config.ts"
import * as runtime from "./runtime.ts"

type Wanted = Placed & { readonly section: Section }

/** The commands from what runs to what shall be. New servers come first, so that there is always one to serve. */
export const difference = (
  { servers: have, checks }: runtime.Sight,
  { backends, preview }: Told,
  mapPath: string,
): { readonly commands: readonly string[]; readonly surplus: readonly runtime.Seen[] } => {
  const want: readonly Wanted[] = [
    ...backends.map((server) => ({ ...server, section: "instances" as const })),
    ...preview.map((server) => ({ ...server, section: "previewed" as const })),
  ]
  const seen = new Map(have.map((server) => [nameOf(server), server]))
  const wanted = new Set(want.map(nameOf))
  const surplus = have.filter((server) => !wanted.has(nameOf(server)))
  const ready = want.filter(({ state }) => state === "ready")
  const drained = want.filter(({ state }) => state === "drain")
  const commands = [
    ...(checks === undefined ? [] : changeCheckMap(mapPath, checks, checkMap([...preview, ...backends]))),
    ...[...ready, ...drained].flatMap((server) => bring(server, seen.get(nameOf(server)), checks !== undefined)),
    ...surplus.flatMap((server) => [
      runtime.setState(server, "maint"),
      ...(server.section === "instances" ? [runtime.shutdownSessions(server)] : []),
    ]),
  ]
  return { commands, surplus }
}

const nameOf = ({ section, id }: { readonly section: Section; readonly id: string }): string => `${section}/${id}`

/** A new server begins in maintenance. A drained one is put there: HAProxy's own drain lets sticky clients through. */
const bring = (want: Wanted, have: runtime.Seen | undefined, asks: boolean): readonly string[] => {
  const moved = have !== undefined && (have.ip !== want.ip || have.port !== want.port)
  const state = have?.state ?? "maint"
  const checked = !asks || want.check !== "connect"
  return [
    ...(have === undefined ? [runtime.addServer(want)] : []),
    ...(moved ? [runtime.setAddress(want)] : []),
    ...(have !== undefined && have.weight !== want.weight ? [runtime.setWeight(want)] : []),
    ...(checked && have?.checked !== true ? [runtime.enableHealth(want)] : []),
    ...(!checked && have?.checked === true ? [runtime.disableHealth(want), runtime.callUp(want)] : []),
    ...(want.state === "ready" && state !== "ready" ? [runtime.setState(want, "ready")] : []),
    ...(want.state === "drain" && state !== "maint" ? [runtime.setState(want, "maint")] : []),
  ]
}
