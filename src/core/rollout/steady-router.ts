import { type FireclayError, type Fleet, isFireclayError, type Router } from "../../contract/index.ts"
import type { Workbench } from "../workbench.ts"

/**
 * A router that is started again when it dies under a rollout, and then told once more what it did not answer to: all
 * of it may be said twice. That it died is in the log.
 */
export const steadyRouter = (bench: Workbench, fleet: Fleet, router: Router): Router => {
  let reviving: Promise<void> | undefined
  const revive = async (why: FireclayError): Promise<void> => {
    bench.progress({ fleet: fleet.name, doing: "the router has died; starting it again" })
    await bench.store.append([{ fleet: fleet.name, kind: "router.died", body: { message: why.message } }])
    await router.start()
  }
  const steady =
    <Given extends readonly unknown[], Answer>(verb: (...given: Given) => Promise<Answer>) =>
    async (...given: Given): Promise<Answer> => {
      try {
        return await verb(...given)
      } catch (error) {
        if (!isOfRouter(error) || (reviving === undefined && (await answers(router)))) throw error
        reviving ??= revive(error).finally(() => {
          reviving = undefined
        })
        await reviving
        return verb(...given)
      }
    }
  return {
    ...router,
    list: steady(router.list),
    admit: steady(router.admit),
    weigh: steady(router.weigh),
    drain: steady(router.drain),
    preview: steady(router.preview),
    remove: steady(router.remove),
  }
}

const isOfRouter = (error: unknown): error is FireclayError => isFireclayError(error) && error.code === "FC_ROUTER"

/** One that does has refused what it was told. */
const answers = async (router: Router): Promise<boolean> => {
  try {
    await router.list()
    return true
  } catch (error) {
    if (isOfRouter(error)) return false
    throw error
  }
}
