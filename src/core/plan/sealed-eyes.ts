import type { Eyes } from "../../contract/index.ts"
import type { MachineState } from "../machine-state.ts"
import type { ReleasedResource } from "../release.ts"
import { isSealed, type Seal } from "../seal.ts"

/**
 * Eyes that do not see what secrets are: of a path that holds one now, or will, there is no text, and a digest only under
 * the project's key. So neither a plan, nor its fingerprint, nor a resource's own code can give one away.
 *
 * @param wanted what is known before the machine is asked: of those paths no text travels at all
 * @param applied what the machine says was delivered to it; known with its first answer
 */
export const sealedEyes = (
  eyes: Eyes,
  wanted: readonly ReleasedResource[],
  applied: () => Promise<MachineState | undefined>,
  seal: Seal = () => "sealed",
): Eyes => {
  const now = sealedPaths(wanted)
  let before: Promise<ReadonlySet<string>> | undefined
  const holds = async (path: string): Promise<boolean> => {
    if (now.has(path)) return true
    before ??= applied().then((state) => sealedPaths(state?.resources ?? []))
    return (await before).has(path)
  }
  return {
    ...eyes,
    sha256: async (path) => {
      const digest = await eyes.sha256(path)
      return digest !== undefined && (await holds(path)) ? seal(digest) : digest
    },
    text: async (path) => {
      if (now.has(path)) return undefined
      // Asked at once, and thrown away if need be: to wait would cost a round trip.
      const text = await eyes.text(path)
      return (await holds(path)) ? undefined : text
    },
  }
}

const sealedPaths = (resources: readonly Pick<ReleasedResource, "want" | "contents">[]): ReadonlySet<string> =>
  new Set(
    resources
      .filter(isSealed)
      .flatMap(({ want }) => (typeof want === "object" && want !== null && "path" in want ? [String(want.path)] : [])),
  )
