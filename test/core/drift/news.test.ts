import { describe, expect, it } from "vitest"
import { FireclayError } from "../../../src/contract/index.ts"
import type { MachineDrift } from "../../../src/core/drift/drift.ts"
import type { Finding } from "../../../src/core/drift/judge.ts"
import { type DriftNews, type Known, newsOf } from "../../../src/core/drift/news.ts"
import type { ResourceDifference } from "../../../src/core/plan/types.ts"

const cron = (more: Partial<Finding> = {}): Finding => ({
  ...{ kind: "cron job", what: "/etc/cron.d/x", change: "added", details: ["mode 0644"], size: 5, at: "2026-11-27" },
  ...more,
})

const motd = (to = "x"): ResourceDifference => ({
  ...{ id: "file:/etc/motd", action: "change", cause: "drift", steps: [], creates: false },
  changes: [{ property: "content", from: "hello", to, cause: "drift" }],
})

const web1 = (more: Partial<MachineDrift> = {}): MachineDrift => ({
  ...{ machine: "web1", declared: [], undeclared: [], ignored: [], data: 0, varied: 0 },
  ...more,
})

const lost = web1({ problem: new FireclayError("FC_MACHINE_UNREACHABLE", "no answer") })
const odd = web1({ undeclared: [cron()] })

const tell = ({ machine, news, finding, difference, problem }: DriftNews): string =>
  [machine, news, finding?.what, difference?.id, problem?.code].filter((word) => word !== undefined).join(" ")

/** What is told of looks, one after the other. */
const follow = (looks: readonly (readonly MachineDrift[])[]): readonly (readonly string[])[] => {
  let known: Known = new Map()
  return looks.map((machines) => {
    const next = newsOf(known, { fleet: "web", machines }, "2026-11-27T00:00:00.000Z")
    known = next.known
    return next.news.map(tell)
  })
}

const isNew = "web1 new /etc/cron.d/x"
const isGone = "web1 gone /etc/cron.d/x"

describe("newsOf", () => {
  it.each<readonly [string, readonly (readonly MachineDrift[])[], readonly (readonly string[])[]]>([
    ["nothing of what is as delivered", [[web1()], [web1()]], [[], []]],
    ["what is new, once", [[odd], [odd]], [[isNew], []]],
    ["what is gone, once", [[odd], [web1()], [web1()]], [[isNew], [isGone], []]],
    ["what comes again", [[odd], [web1()], [odd]], [[isNew], [isGone], [isNew]]],
    [
      "not that a file goes on being written to",
      [[odd], [web1({ undeclared: [cron({ size: 9, at: "2026-11-28" })] })]],
      [[isNew], []],
    ],
    [
      "that it is another way now",
      [[odd], [web1({ undeclared: [cron({ details: ["mode 0777"] })] })]],
      [[isNew], [isNew]],
    ],
    [
      "resources",
      [[web1({ declared: [motd()] })], [web1({ declared: [motd()] })], [web1()]],
      [["web1 new file:/etc/motd"], [], ["web1 gone file:/etc/motd"]],
    ],
    [
      "a resource that changed once more",
      [[web1({ declared: [motd()] })], [web1({ declared: [motd("y")] })]],
      [["web1 new file:/etc/motd"], ["web1 new file:/etc/motd"]],
    ],
    [
      "once that a machine cannot be reached, and that it is back, without what is known of it",
      [[odd], [lost], [lost], [odd]],
      [[isNew], ["web1 away FC_MACHINE_UNREACHABLE"], [], ["web1 back"]],
    ],
    [
      "what happened on it meanwhile",
      [[web1()], [lost], [odd]],
      [[], ["web1 away FC_MACHINE_UNREACHABLE"], ["web1 back", isNew]],
    ],
    ["that a machine is not there any more", [[odd], [], [], [odd]], [[isNew], ["web1 away"], [], ["web1 back"]]],
    [
      "that none of a fleet's machines is known",
      [[{ ...lost, machine: "web" }], [{ ...lost, machine: "web" }], [web1()], [lost]],
      [["web away FC_MACHINE_UNREACHABLE"], [], [], ["web1 away FC_MACHINE_UNREACHABLE"]],
    ],
  ])("tells %s", (_, looks, told) => {
    expect(follow(looks)).toEqual(told)
  })
})
