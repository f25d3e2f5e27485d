import { z } from "zod"
import type { Verify } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { deepFreeze } from "./freeze.ts"

/**
 * A public key whose signature images need, in PEM. The path is relative to the configuration.
 *
 * @example
 * replace({ strategy: blueGreen(), verify: key("./cosign.pub") })
 */
export const key = (path: string): Verify => deepFreeze({ key: check(z.string().min(1), path, "key") })
