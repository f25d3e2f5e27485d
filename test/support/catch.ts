import { type FireclayError, isFireclayError } from "../../src/contract/index.ts"

/** The Fireclay error that some work throws. Fails when it throws nothing, or something else. */
export const caught = async (work: () => unknown): Promise<FireclayError> => {
  try {
    await work()
  } catch (error) {
    if (isFireclayError(error)) return error
    throw error
  }
  throw new Error("nothing was thrown")
}
