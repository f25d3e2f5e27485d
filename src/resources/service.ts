import { z } from "zod"
import type { Change, PlanContext, Resource, ResourceType, Step, UnitState } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { defineResource } from "./define.ts"

export interface ServiceOptions {
  /** Starts at boot. Default: true. */
  readonly enabled?: boolean
  /** Runs now. Default: true. */
  readonly running?: boolean
  /** Paths or ids of resources whose change restarts it. */
  readonly restartOn?: readonly string[]
  /** Paths or ids of resources whose change makes it reload. */
  readonly reloadOn?: readonly string[]
}

type ServiceWant = {
  readonly unit: string
  readonly enabled: boolean
  readonly running: boolean
  readonly restartOn: readonly string[]
  readonly reloadOn: readonly string[]
}

const construct = (unitName: string, options: ServiceOptions = {}): Resource => {
  const at = `service("${unitName}")`
  check(unitSchema, unitName, at)
  const unit = /\.[a-z]+$/.test(unitName) ? unitName : `${unitName}.service`
  return { type: "service", id: `service:${unit}`, want: { unit, ...check(schema, options, at) } }
}

const unitSchema = z
  .string()
  .regex(/^[A-Za-z0-9:_.@\\-]+$/, "not the name of a unit")
  .regex(/^(?!.*@(\.[a-z]+)?$)/, "a template is no unit: name an instance, such as getty@tty1")
const schema = z.strictObject({
  enabled: z.boolean().default(true),
  running: z.boolean().default(true),
  restartOn: z.array(z.string()).default([]),
  reloadOn: z.array(z.string()).default([]),
})

const resourceType: ResourceType<ServiceWant, UnitState> = {
  type: "service",

  observe: (eyes, want) => eyes.unit(want.unit),

  answersTo: ({ restartOn, reloadOn }) => [...restartOn, ...reloadOn],

  plan: (want, have, context) => {
    const enable = want.enabled === have.enabled ? [] : [flag("enabled", have.enabled, want.enabled)]
    const run = want.running === have.active ? [] : [flag("running", have.active, want.running)]
    const verb = have.active && want.running ? notified(want, context) : undefined
    const unitFileChanged = [...context.changed].some((id) =>
      /^(file|link):\/(etc|usr\/lib|lib)\/systemd\/system\//.test(id),
    )
    const acts = enable.length + run.length > 0 || verb !== undefined
    return {
      changes: [
        ...enable,
        ...run,
        ...(verb === undefined ? [] : [{ property: verb.property, from: null, to: verb.because }]),
      ],
      steps: [
        ...(acts && unitFileChanged ? [{ do: "reload-units" } as const] : []),
        ...enable.map((): Step => ({ do: want.enabled ? "enable-unit" : "disable-unit", unit: want.unit })),
        ...run.map((): Step => ({ do: want.running ? "start-unit" : "stop-unit", unit: want.unit })),
        ...(verb === undefined ? [] : [{ do: verb.step, unit: want.unit } as const]),
      ],
      creates: !have.exists,
      reacts: verb !== undefined && enable.length + run.length === 0,
    }
  },

  remove: (want, have) => ({
    changes: have.exists ? [{ property: "unit", from: have.state, to: null }] : [],
    steps: [
      ...(have.active ? [{ do: "stop-unit", unit: want.unit } as const] : []),
      ...(have.enabled && have.exists ? [{ do: "disable-unit", unit: want.unit } as const] : []),
    ],
  }),
}

const flag = (property: string, from: boolean, to: boolean): Change => ({
  property,
  from: String(from),
  to: String(to),
})

/** What a running unit has to do because of what changed before it. A restart includes a reload. */
const notified = (want: ServiceWant, { changed }: PlanContext) => {
  const because = (names: readonly string[]): string | undefined =>
    [...changed].find((id) => names.some((wanted) => id === wanted || id.endsWith(`:${wanted}`)))
  const restart = because(want.restartOn)
  if (restart !== undefined) return { step: "restart-unit", property: "restart", because: restart } as const
  const reload = because(want.reloadOn)
  return reload === undefined ? undefined : ({ step: "reload-unit", property: "reload", because: reload } as const)
}

/**
 * A systemd unit that is there already or that a package or a file brings.
 *
 * @example
 * service("nginx", { reloadOn: ["/etc/nginx/nginx.conf"] })
 */
export const service = defineResource(construct, resourceType)
