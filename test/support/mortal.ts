/** A controller's life: from its death on, nothing that it asks for happens, and nothing answers. */
export interface Life {
  /** The same object, whose functions die with the controller. */
  readonly bind: <T extends object>(effects: T) => T
  /** Resolves when it has died. */
  readonly died: Promise<void>
  /** Moments lived through: one before and one after each effect. */
  readonly moments: () => number
}

const never = new Promise<never>(() => undefined)

/** Dies at a moment, from 1; a moment that never comes is a long life. */
export const lifeUntil = (moment: number): Life => lifeWhile((lived) => lived < moment)

/** Dies when it is told to. */
export const mortalLife = (): Life & { readonly kill: () => void } => {
  let killed = false
  return {
    ...lifeWhile(() => !killed),
    kill: () => {
      killed = true
    },
  }
}

const lifeWhile = (lives: (moments: number) => boolean): Life => {
  const { promise: died, resolve: die } = Promise.withResolvers<void>()
  let moments = 0
  const live = async (): Promise<void> => {
    moments += 1
    if (lives(moments)) return
    die()
    await never
  }
  const bound =
    (effect: (...given: readonly unknown[]) => unknown) =>
    async (...given: readonly unknown[]): Promise<unknown> => {
      await live()
      const answer = await effect(...given)
      await live()
      return answer
    }
  return {
    bind: <T extends object>(effects: T): T =>
      Object.fromEntries(
        Object.entries(effects).map(([name, effect]) => [
          name,
          typeof effect === "function" && name !== "machine" ? bound(effect) : effect,
        ]),
      ) as T,
    died,
    moments: () => moments,
  }
}
