import { removeTree as remove } from "../../src/engines/local/files.ts"
import { mountsUnder, unmount } from "../../src/engines/local/mounts.ts"

export const removeTree = remove

/** Whatever a killed program left mounted. */
export const unmountBelow = async (directory: string): Promise<void> => {
  for (const point of await mountsUnder(directory)) await unmount(point)
}
