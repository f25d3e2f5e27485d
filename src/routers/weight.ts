import { FireclayError } from "../contract/index.ts"

/** The weight of a backend that was given none. */
export const defaultWeight = 100

export const refuseWeight = (weight: number | undefined, id: string): void => {
  if (weight === undefined || (Number.isInteger(weight) && weight >= 0 && weight <= 256)) return
  throw new FireclayError("FC_ROUTER", `the weight ${weight} of backend ${id} is not a whole number from 0 to 256`, {
    at: id,
  })
}
