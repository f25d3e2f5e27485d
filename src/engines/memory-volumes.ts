import { type EngineVolume, FireclayError, type InstanceWant } from "../contract/index.ts"

type Holder = Pick<InstanceWant, "name" | "fleet" | "volumes">

/** Who has which volume, where nothing is stored. */
export interface MemoryVolumes {
  readonly add: (holder: Holder) => void
  readonly forget: (name: string) => void
  readonly refuseHeld: (name: string, isRunning: (name: string) => boolean) => void
  readonly list: () => readonly EngineVolume[]
  readonly remove: (volume: Pick<EngineVolume, "fleet" | "name">) => void
  readonly clear: () => void
}

export const memoryVolumes = (): MemoryVolumes => {
  const holders = new Map<string, Holder>()
  const kept = new Map<string, Pick<EngineVolume, "fleet" | "name">>()
  const usersOf = (fleet: string, name: string): readonly string[] =>
    [...holders.values()]
      .filter((holder) => holder.fleet === fleet && holder.volumes.some((volume) => volume.name === name))
      .map((holder) => holder.name)
  return {
    add: (holder) => {
      holders.set(holder.name, holder)
      for (const { name } of holder.volumes) kept.set(`${holder.fleet}/${name}`, { fleet: holder.fleet, name })
    },
    forget: (name) => {
      holders.delete(name)
    },
    refuseHeld: (name, isRunning) => {
      const { fleet, volumes } = holders.get(name) ?? { fleet: "", volumes: [] }
      for (const volume of volumes.filter(({ access }) => access !== "shared")) {
        const other = usersOf(fleet, volume.name).find((user) => user !== name && isRunning(user))
        if (other !== undefined) throw inUse(`${other} holds the volume ${volume.name} of ${fleet}`)
      }
    },
    list: () =>
      [...kept.values()].map(({ fleet, name }) => ({
        fleet,
        name,
        path: `memory/${fleet}/${name}`,
        size: 0,
        usedBy: usersOf(fleet, name),
      })),
    remove: ({ fleet, name }) => {
      const [user] = usersOf(fleet, name)
      if (user !== undefined) throw inUse(`${user} was made with the volume ${name} of ${fleet}`)
      kept.delete(`${fleet}/${name}`)
    },
    clear: () => kept.clear(),
  }
}

const inUse = (message: string): FireclayError => new FireclayError("FC_VOLUME_IN_USE", message)
