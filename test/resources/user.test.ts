import { describe, expect, it } from "vitest"
import type { UserState } from "../../src/contract/index.ts"
import { user } from "../../src/resources/index.ts"
import { nothing, planOf, removeOf } from "./planning.ts"

const have: UserState = {
  name: "app",
  uid: 998,
  group: "app",
  comment: "",
  home: "/home/app",
  shell: "/usr/sbin/nologin",
  groups: ["adm", "ssl-cert"],
}

const system = { name: "app", system: true, createHome: false, shell: "/usr/sbin/nologin" }

describe("a user's plan", () => {
  it("adds one that is missing", () => {
    expect(planOf(user, user("app", { system: true }), undefined)).toEqual({
      changes: [{ property: "user", from: null, to: "app" }],
      steps: [{ do: "add-user", ...system }],
      creates: true,
    })
  })

  it.each([
    ["nothing but its kind", {}],
    ["its number", { uid: 998 }],
    ["its primary group", { group: "app" }],
    ["its groups in another order", { groups: ["ssl-cert", "adm"] }],
    ["its comment", { comment: "" }],
    ["its home", { home: "/home/app" }],
  ])("is empty when %s is wanted and is so", (_, options) => {
    expect(planOf(user, user("app", { system: true, ...options }), have)).toEqual(nothing)
  })

  it.each([
    ["uid", { uid: 1200 }, "998", "1200", { uid: 1200 }],
    ["group", { group: "www" }, "app", "www", { group: "www" }],
    ["comment", { comment: "The app, really" }, "", "The app, really", { comment: "The app, really" }],
    ["home", { home: "/srv/app" }, "/home/app", "/srv/app", { home: "/srv/app" }],
    ["shell", { shell: "/bin/sh" }, "/usr/sbin/nologin", "/bin/sh", { shell: "/bin/sh" }],
    ["groups", { groups: ["video", "adm"] }, "adm,ssl-cert", "adm,video", { groups: ["adm", "video"] }],
    ["groups", { groups: [] }, "adm,ssl-cert", "", { groups: [] }],
  ])("changes a differing %s and names it: %o", (property, options, from, to, step) => {
    expect(planOf(user, user("app", { system: true, ...options }), have)).toEqual({
      changes: [{ property, from, to }],
      steps: [{ do: "change-user", ...system, ...step }],
    })
  })

  it("names each difference of many", () => {
    const { changes } = planOf(user, user("app", { system: true, uid: 7, shell: "/bin/sh", home: "/x" }), have)
    expect(changes.map(({ property }) => property)).toEqual(["uid", "home", "shell"])
  })

  it("gives a person a shell and a home", () => {
    expect(user("ada").want).toEqual({ name: "ada", system: false, createHome: true, shell: "/bin/bash" })
  })
})

describe("taking a user away", () => {
  it.each([
    [
      "it is there",
      have,
      { changes: [{ property: "user", from: "app", to: null }], steps: [{ do: "remove-user", name: "app" }] },
    ],
    ["it is gone", undefined, nothing],
  ])("when %s", (_, state, plan) => {
    expect(removeOf(user, user("app"), state)).toEqual(plan)
  })
})
