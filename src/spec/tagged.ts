import { z } from "zod"
import type { Resource } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { name } from "../schema/fields.ts"
import { deepFreeze } from "./freeze.ts"

/**
 * Resources with a tag more, by which `plan` and `apply` can be limited: `fireclay apply --tag web`. A tag changes nothing
 * on a machine, and makes no new release.
 *
 * @example
 * spec("shop", {
 *   resources: [
 *     user("app"),
 *     ...tagged("web", pkg("nginx"), file("/etc/nginx/conf.d/shop.conf", { source: "./shop.conf" })),
 *   ],
 * })
 * @throws FireclayError FC_SPEC_VALUE
 */
export const tagged = (tag: string, ...resources: readonly Resource[]): readonly Resource[] => {
  check(name, tag, "tagged")
  check(z.array(z.custom<Resource>(isResource, "not a resource")), resources, `tagged("${tag}")`)
  return deepFreeze(resources.map((resource) => ({ ...resource, tags: [...new Set([...(resource.tags ?? []), tag])] })))
}

const isResource = (value: unknown): boolean => typeof value === "object" && value !== null && "want" in value
