import { FireclayError } from "../contract/index.ts"

/**
 * Names of instances become names of containers, links and control groups.
 *
 * @throws FireclayError FC_SPEC_VALUE
 */
export const requireName = (name: string): void => {
  if (/^[a-z0-9][a-z0-9-]{0,47}$/.test(name)) return
  throw new FireclayError("FC_SPEC_VALUE", `${JSON.stringify(name)} cannot name a machine`, {
    remedy: "use up to 48 lower-case letters, digits and hyphens",
  })
}

/**
 * An image on which instances stand is not removed.
 *
 * @throws FireclayError FC_USAGE
 */
export const refuseUsedImage = (digest: string, users: readonly string[]): void => {
  if (users.length === 0) return
  throw new FireclayError("FC_USAGE", `the image ${digest} is in use by ${users.join(", ")}`, {
    remedy: "remove these instances first",
  })
}
