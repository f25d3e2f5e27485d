import { describe, expect, it } from "vitest"
import type { Change, UnitState } from "../../src/contract/index.ts"
import { service } from "../../src/resources/index.ts"
import { nothing, planOf, removeOf } from "./planning.ts"

const unit = "app.service"
const up: UnitState = { exists: true, active: true, enabled: true, state: "active" }
const down: UnitState = { exists: true, active: false, enabled: false, state: "inactive" }
const absent: UnitState = { exists: false, active: false, enabled: false, state: "inactive" }
const failed: UnitState = { ...up, active: false, state: "failed" }

const plain = service("app")
const off = service("app", { enabled: false, running: false })
const notified = service("app", {
  restartOn: ["/etc/app.conf", "package:app"],
  reloadOn: ["/etc/app.d/site", "user:app"],
})

const enabled = (from: boolean) => ({ property: "enabled", from: String(from), to: String(!from) })
const running = (from: boolean) => ({ property: "running", from: String(from), to: String(!from) })
const because = (verb: string, id: string) => ({ property: verb, from: null, to: id })
const step = (verb: string) => ({ do: `${verb}-unit`, unit })
const reload = { do: "reload-units" }

interface Row {
  readonly when: string
  readonly resource: ReturnType<typeof service>
  readonly have: UnitState
  readonly changed?: readonly string[]
  readonly changes?: readonly Change[]
  readonly steps?: readonly unknown[]
  readonly creates?: boolean
}

const rows: readonly Row[] = [
  { when: "it runs and starts at boot", resource: plain, have: up },
  {
    when: "it does neither",
    resource: plain,
    have: down,
    changes: [enabled(false), running(false)],
    steps: [step("enable"), step("start")],
  },
  {
    when: "an earlier step brings it",
    resource: plain,
    have: absent,
    changed: ["package:app"],
    changes: [enabled(false), running(false)],
    steps: [step("enable"), step("start")],
    creates: true,
  },
  { when: "it failed", resource: plain, have: failed, changes: [running(false)], steps: [step("start")] },
  {
    when: "it should neither run nor start at boot",
    resource: off,
    have: up,
    changes: [enabled(true), running(true)],
    steps: [step("disable"), step("stop")],
  },
  { when: "it is off as it should be", resource: off, have: down },
  {
    when: "it should be off, a change it watches notwithstanding",
    resource: service("app", { enabled: false, running: false, restartOn: ["/etc/app.conf"] }),
    have: down,
    changed: ["file:/etc/app.conf"],
  },
  {
    when: "a path of restartOn changed",
    resource: notified,
    have: up,
    changed: ["file:/etc/app.conf"],
    changes: [because("restart", "file:/etc/app.conf")],
    steps: [step("restart")],
  },
  {
    when: "an id of restartOn changed",
    resource: notified,
    have: up,
    changed: ["package:app"],
    changes: [because("restart", "package:app")],
    steps: [step("restart")],
  },
  {
    when: "a path of reloadOn changed",
    resource: notified,
    have: up,
    changed: ["link:/etc/app.d/site"],
    changes: [because("reload", "link:/etc/app.d/site")],
    steps: [step("reload")],
  },
  {
    when: "an id of reloadOn changed",
    resource: notified,
    have: up,
    changed: ["user:app"],
    changes: [because("reload", "user:app")],
    steps: [step("reload")],
  },
  {
    when: "both changed: a restart includes a reload",
    resource: notified,
    have: up,
    changed: ["user:app", "package:app"],
    changes: [because("restart", "package:app")],
    steps: [step("restart")],
  },
  {
    when: "something else changed",
    resource: notified,
    have: up,
    changed: ["file:/etc/app.conf.d", "file:/x/etc/app.conf"],
  },
  {
    when: "it is down and its file changed: a start is enough",
    resource: notified,
    have: { ...up, active: false, state: "inactive" },
    changed: ["file:/etc/app.conf"],
    changes: [running(false)],
    steps: [step("start")],
  },
  ...[
    "file:/etc/systemd/system/app.service",
    "link:/usr/lib/systemd/system/app.service",
    "file:/lib/systemd/system/app.service.d/x.conf",
  ].map(
    (id): Row => ({
      when: `${id} changed before it starts: systemd reads it first`,
      resource: plain,
      have: down,
      changed: [id],
      changes: [enabled(false), running(false)],
      steps: [reload, step("enable"), step("start")],
    }),
  ),
  {
    when: "the unit file that it watches changed",
    resource: service("app", { restartOn: ["/etc/systemd/system/app.service"] }),
    have: up,
    changed: ["file:/etc/systemd/system/app.service"],
    changes: [because("restart", "file:/etc/systemd/system/app.service")],
    steps: [reload, step("restart")],
  },
  {
    when: "a file that only looks like a unit's changed",
    resource: plain,
    have: down,
    changed: ["file:/srv/etc/systemd/system/app.service"],
    changes: [enabled(false), running(false)],
    steps: [step("enable"), step("start")],
  },
]

describe("a service's plan", () => {
  it.each(rows)("when $when", ({ resource, have, changed = [], changes = [], steps = [], creates = false }) => {
    const reacts =
      changes.length > 0 && changes.every(({ property }) => property === "restart" || property === "reload")
    expect(planOf(service, resource, have, { changed: new Set(changed) })).toEqual({ changes, steps, creates, reacts })
  })

  it.each([
    ["app", "app.service"],
    ["app.socket", "app.socket"],
    ["getty@tty1", "getty@tty1.service"],
  ])("takes %s for %s", (name, full) => {
    expect(service(name).want).toMatchObject({ unit: full })
    expect(service(name).id).toBe(`service:${full}`)
  })
})

const was = (state: string) => [{ property: "unit", from: state, to: null }]

const removals: readonly (readonly [string, UnitState, unknown])[] = [
  ["it runs", up, { changes: was("active"), steps: [step("stop"), step("disable")] }],
  ["it is only enabled", failed, { changes: was("failed"), steps: [step("disable")] }],
  ["it only runs", { ...up, enabled: false }, { changes: was("active"), steps: [step("stop")] }],
  ["it is off", down, { changes: was("inactive"), steps: [] }],
  [
    "its unit is gone but its program still runs",
    { ...absent, active: true, state: "active" },
    { changes: [], steps: [step("stop")] },
  ],
  ["it is gone", absent, nothing],
]

describe("taking a service away", () => {
  it.each(removals)("when %s", (_, have, plan) => {
    expect(removeOf(service, plain, have)).toEqual(plan)
  })
})
