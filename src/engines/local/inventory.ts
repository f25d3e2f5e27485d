import { rmdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { EngineItem } from "../../contract/index.ts"
import { run } from "../../system/process.ts"
import { exists, namesIn, removeTree } from "./files.ts"
import { mountsUnder, unmount } from "./mounts.ts"
import { linksOf, removeLink, removeNamespace } from "./network.ts"
import { forgetMachine } from "./nspawn.ts"
import { isOurs, type Place } from "./place.ts"
import { carriersOf, groups, killMachine, processesOf, removeGroup } from "./processes.ts"
import { rules } from "./rules.ts"
import { listVolumes } from "./volumes.ts"

/** Everything on this machine that belongs to the project, found by its name and not by what was written down. */
export const inventory = async (at: Place): Promise<readonly EngineItem[]> => {
  const ids = await machineIds(at)
  const pids = (await Promise.all(ids.map(processesOf))).flat()
  return [
    ...pids.map((pid): EngineItem => ({ kind: "process", name: String(pid) })),
    ...(await mountsUnder(at.home)).map((name): EngineItem => ({ kind: "mount", name })),
    ...(await linksOf(at)).map((name): EngineItem => ({ kind: "link", name })),
    ...(await namespacesOf(at)).map((name): EngineItem => ({ kind: "namespace", name })),
    ...(await (await rules(at.bridge)).list()).map((name): EngineItem => ({ kind: "rule", name })),
    ...(await directoriesOf(at)).map((name): EngineItem => ({ kind: "directory", name })),
  ]
}

/** Removes all of that, whatever state a killed controller left it in. */
export const destroy = async (at: Place, options: { readonly volumes: boolean }): Promise<void> => {
  await Promise.all((await machineIds(at)).map(destroyMachine))
  for (const point of await mountsUnder(at.home)) await unmount(point)
  for (const name of await linksOf(at)) await run(removeLink(name))
  for (const id of await namespacesOf(at)) await run(removeNamespace(id))
  await leaveShared()
  await (await rules(at.bridge)).remove()
  const volumes = (await listVolumes(at)).length > 0
  for (const name of await namesIn(at.home))
    if (options.volumes || !volumes || name !== "volumes") await removeTree(join(at.home, name))
  await removeIfEmpty(at.home)
  await removeIfEmpty(dirname(at.home))
}

/** What `ip` and systemd-nspawn made for all their users goes with the last of them. */
const leaveShared = async (): Promise<void> => {
  if ((await namesIn("/run/netns")).length === 0) await run(["umount", "--", "/run/netns"])
  for (const name of ["netns", "systemd/nspawn/locks", "systemd/nspawn/propagate", "systemd/nspawn"])
    await removeIfEmpty(`/run/${name}`)
}

const destroyMachine = async (id: string): Promise<void> => {
  await killMachine(id, undefined)
  await Promise.all([removeGroup(id), forgetMachine(id)])
}

/** Names of the project's machines, from what runs, its control groups and what nspawn keeps. */
const machineIds = async (at: Place): Promise<readonly string[]> => {
  const ours = (id: string): boolean => isOurs(at, id)
  const running = (await carriersOf(ours)).map(({ machine }) => machine)
  const grouped = (await groups(ours)).map((path) => path.slice(path.lastIndexOf("/") + 1))
  const kept = (await namesIn("/run/systemd/nspawn/propagate")).filter(ours)
  return [...new Set([...running, ...grouped, ...kept])].sort()
}

const namespacesOf = async (at: Place): Promise<readonly string[]> =>
  (await namesIn("/run/netns")).filter((name) => isOurs(at, name))

const directoriesOf = async (at: Place): Promise<readonly string[]> => [
  ...((await exists(at.home)) ? [at.home] : []),
  ...(await groups((id) => isOurs(at, id))),
]

const removeIfEmpty = async (path: string): Promise<void> => {
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOTEMPTY" && error.code !== "ENOENT" && error.code !== "EBUSY") throw error
  })
}
