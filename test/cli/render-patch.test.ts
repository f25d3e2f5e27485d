import { describe, expect, it } from "vitest"
import { renderPatch } from "../../src/cli/render/patch.ts"
import { FireclayError } from "../../src/contract/index.ts"
import type { FleetPatch, FleetUpdate } from "../../src/core/index.ts"

const plain = (_style: unknown, text: string): string => text
const nowMs = Date.parse("2026-11-27T12:00:00Z")

const openssl: FleetUpdate = {
  ...{ name: "libssl3", version: "3.0.15-1", origin: "Debian-Security/bookworm-security", security: true },
  ...{ since: "2026-11-26T05:00:00Z", machines: { web1: "3.0.11-1", web2: "3.0.14-1" } },
}
const curl: FleetUpdate = {
  ...{
    name: "curl",
    version: "7.88.1-11",
    origin: "Debian/bookworm",
    security: false,
    machines: { web1: "7.88.1-10" },
  },
}
const kernel = { ...curl, name: "linux-image-amd64", version: "6.1.128-1", since: "2026-11-20T12:00:00Z" }

const always = { all: { isOpen: true }, security: { isOpen: true } }
const calm = { unrefreshed: [], restarts: [], reboot: [] }
const patch: FleetPatch = {
  ...{ fleet: "web", release: 7, window: always, set: {}, taken: [], heldBack: [] },
  machines: [
    { machine: "web1", ...calm },
    { machine: "web2", ...calm },
  ],
}

const lines = (more: Partial<FleetPatch>): readonly string[] =>
  renderPatch({ ...patch, ...more }, nowMs, plain).split("\n")

describe("renderPatch", () => {
  it("has one line where there is nothing to say", () => {
    expect(lines({})).toEqual(["web  release 7  nothing to patch"])
  })

  it("shows what would be taken, and what is held back", () => {
    const heldBack = [{ ...kernel, reason: "too young", until: "2026-12-01T12:00:00.000Z" }]
    expect(lines({ taken: [curl, openssl], heldBack })).toEqual([
      "web  release 7  2 to patch, 1 of them for security",
      "  package  version                                  origin                             offered for  machines",
      "  curl     7.88.1-10 → 7.88.1-11                    Debian/bookworm                    unknown      web1",
      "  libssl3  3.0.11-1, 3.0.14-1 → 3.0.15-1  security  Debian-Security/bookworm-security  31 h         all 2",
      "  held back",
      "    linux-image-amd64  6.1.128-1  7 days  too young, until 2026-12-01 12:00 UTC",
    ])
  })

  it("says once what machines have in common, and what each has for itself", () => {
    const restarts = [{ unit: "nginx.service", processes: [], files: ["/a", "/b", "/c", "/d", "/e"] }]
    const foreseen = { along: [{ name: "new", from: null, to: "1" }], downloadBytes: 2_000, spaceBytes: 0 }
    const problem = new FireclayError("FC_MACHINE_UNREACHABLE", "web3 does not answer")
    expect(
      lines({
        machines: [
          { machine: "web1", ...calm, restarts, foreseen: { ...foreseen, lost: ["curl"], refused: ["no"] } },
          { machine: "web2", ...calm, restarts, reboot: ["asked for by linux"], unrefreshed: ["no route"] },
          { machine: "web3", ...calm, problem },
        ],
      }).slice(1, -1),
    ).toEqual([
      "    web1: new with it: new 1",
      "    web1: fetches 2 kB",
      "  ! web1: no way back, for the old files cannot be had any more: curl",
      "  ! web1: cannot be done as it is: no",
      "  ! web1, web2: nginx.service runs what was replaced: /a, /b, /c, /d and 1 more",
      "  ! web2: its lists are of an earlier day: no route",
      "  ! web2: has to be rebooted: asked for by linux",
      "  ✗ web3",
    ])
  })

  it.each<readonly [string, FleetPatch["window"], readonly string[]]>([
    ["always", always, []],
    [
      "open",
      {
        all: { isOpen: true, until: "2026-11-27T13:00:00.000Z" },
        security: { isOpen: true, until: "2026-11-27T13:00:00.000Z" },
      },
      ["  the window is open until 2026-11-27 13:00 UTC"],
    ],
    [
      "closed but for security",
      { all: { isOpen: false }, security: { isOpen: true, until: "2026-11-27T13:00:00.000Z" } },
      ["  the window is closed", "  for security updates alone the window is open until 2026-11-27 13:00 UTC"],
    ],
    [
      "closed",
      {
        all: { isOpen: false, opens: "2026-11-29T01:00:00.000Z" },
        security: { isOpen: false, opens: "2026-11-29T01:00:00.000Z" },
      },
      ["  the window is closed and opens at 2026-11-29 01:00 UTC"],
    ],
  ])("says of windows: %s", (_, window, said) => {
    expect(lines({ window }).slice(1)).toEqual(said)
  })
})
