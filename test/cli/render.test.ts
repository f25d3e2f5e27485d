import { describe, expect, it, vi } from "vitest"
import { openOutput, paintOn } from "../../src/cli/output.ts"
import { renderDiff } from "../../src/cli/render/diff.ts"
import { errorDocument, exitCodeOf, renderError } from "../../src/cli/render/error.ts"
import { renderPlan, renderSummary } from "../../src/cli/render/plan.ts"
import { liveProgress, plainProgress } from "../../src/cli/render/progress.ts"
import { inWords, renderStatus } from "../../src/cli/render/status.ts"
import { table } from "../../src/cli/render/table.ts"
import { type ErrorCode, errorCodes, FireclayError, type Step } from "../../src/contract/index.ts"
import type {
  CausedChange,
  FleetPlan,
  FleetStatus,
  MachinePlan,
  PackageOutlook,
  ResourceDifference,
} from "../../src/core/index.ts"

const plain = (_style: unknown, text: string): string => text
/** Shows where a style begins and ends. */
const marked = (style: unknown, text: string): string => `<${[style].flat().join("+")}:${text}>`
const esc = "\u001b"

describe("a table", () => {
  it("aligns columns, numbers to the right", () => {
    const rows = [
      ["web-1", "12", "healthy"],
      ["cattle-long", "3", "–"],
    ]
    expect(table(["machine", "release", "state"], rows)).toBe(
      ["machine      release  state", "web-1             12  healthy", "cattle-long        3  –"].join("\n"),
    )
  })

  it("does not count colours as width", () => {
    const green = `${esc}[32mok${esc}[39m`
    expect(table(["a", "b"], [[green, "x"]])).toBe(`a   b\n${green}  x`)
  })

  it("has a head even without rows", () => {
    expect(table(["a", "bb"], [])).toBe("a  bb")
  })
})

describe("a diff", () => {
  const lines = (...numbers: readonly number[]): string => numbers.map((number) => `line ${number}\n`).join("")

  it("shows what changes with two lines around it", () => {
    const from = lines(1, 2, 3, 4, 5, 6, 7)
    expect(renderDiff(from, from.replace("line 4", "new 4"), "  ", plain)).toEqual([
      "  @@ -2,5 +2,5 @@",
      "   line 2",
      "   line 3",
      "  -line 4",
      "  +new 4",
      "   line 5",
      "   line 6",
    ])
  })

  it("colours by what a line is", () => {
    expect(renderDiff("a\nb\n", "a\nc\n", "", marked)).toEqual([
      "<cyan:@@ -1,2 +1,2 @@>",
      "<dim: a>",
      "<red:-b>",
      "<green:+c>",
    ])
  })

  it("cannot be made to paint over the terminal", () => {
    const shown = renderDiff("", `${esc}[2J${esc}]0;title\u0007\ttab\r\n`, "", plain).join("\n")
    expect(shown).toContain("+\\x1b[2J\\x1b]0;title\\x07\ttab\\x0d")
    expect(shown).not.toContain(esc)
  })
})

const difference = (given: Partial<ResourceDifference>): ResourceDifference => ({
  id: "file:/etc/motd",
  action: "change",
  cause: "intent",
  changes: [],
  steps: [],
  creates: false,
  ...given,
})
const remove: Step = { do: "remove-path", path: "/x" }
const machinePlan = (machine: string, differences: readonly ResourceDifference[]): MachinePlan => ({
  machine,
  from: 1,
  differences,
  steps: differences.length === 0 ? [] : [remove],
  only: undefined,
  owes: [],
  texts: new Map(),
  irreversible: [],
  sight: { fingerprint: "f", manifest: "m", transaction: null, resources: {} },
  state: undefined,
  broken: undefined,
  turn: "",
  problem: undefined,
  notes: [],
  roundTrips: 2,
})
const forecast = {
  created: 0,
  updated: 0,
  retired: 0,
  peak: 2,
  rounds: 1,
  leastServing: 1,
  seconds: 4,
  mixedSeconds: 0,
  waitsForPerson: false,
}
const fleetPlan = (given: Partial<FleetPlan>): FleetPlan => ({
  fleet: "web",
  delivery: "in-place",
  strategy: "rolling",
  from: 1,
  to: 2,
  release: [],
  machines: [],
  missing: [],
  forecast,
  empty: false,
  ...given,
})

describe("a plan in place", () => {
  it("shows machines that would do the same once, and those that would do nothing last", () => {
    const change = difference({
      cause: "drift",
      changes: [
        { property: "mode", from: "0600", to: "0644", cause: "drift" },
        { property: "owner", from: null, to: "app", cause: "drift" },
      ],
    })
    const machines = [machinePlan("web-1", [change]), machinePlan("web-2", []), machinePlan("web-3", [change])]
    expect(renderPlan(fleetPlan({ machines }), plain)).toBe(
      [
        "web  in place, rolling  release 1 → 2",
        "  ~ web-1, web-3",
        "      ~ file:/etc/motd  drifted",
        "          mode: 0600 → 0644",
        "          owner: app",
        "  = web-2  no resource differs",
      ].join("\n"),
    )
  })

  it("marks each property that drifted, where others are meant to change", () => {
    const changes: readonly CausedChange[] = [
      { property: "content", from: "a\n", to: "b\n", cause: "drift" },
      { property: "mode", from: "0600", to: "0644", cause: "drift" },
      { property: "owner", from: "root", to: "app", cause: "intent" },
    ]
    const shown = renderPlan(fleetPlan({ machines: [machinePlan("m", [difference({ changes })])] }), plain)
    expect(shown.split("\n").slice(2)).toEqual([
      "      ~ file:/etc/motd",
      "          content:  drifted",
      "          @@ -1,1 +1,1 @@",
      "          -a",
      "          +b",
      "          mode: 0600 → 0644  drifted",
      "          owner: root → app",
    ])
  })

  it("says what a run is limited to, and what it will owe", () => {
    const machines = [
      { ...machinePlan("web-1", [difference({})]), owes: [{ resource: "service:app.service", because: ["file:/a"] }] },
    ]
    const limit = { machines: ["web-1"], resources: ["file:/etc/motd"] }
    expect(renderPlan(fleetPlan({ machines, limit }), plain)).toBe(
      [
        "web  in place, rolling  release 1 stays in force",
        "  limited to file:/etc/motd on web-1",
        "  ~ web-1",
        "      ~ file:/etc/motd",
        "      ! service:app.service  is left out, and will owe its reaction to file:/a",
      ].join("\n"),
    )
    const many = Array.from({ length: 9 }, (_, index) => `file:/${index}`)
    expect(renderPlan(fleetPlan({ limit: { machines: null, resources: many }, empty: true }), plain)).toBe(
      [
        "web  in place, rolling  release 1 stays in force",
        "  limited to file:/0, file:/1, file:/2, file:/3, file:/4, file:/5 and 3 more",
        "  nothing to do",
      ].join("\n"),
    )
  })

  it("names what a purge takes, and of very much the first", () => {
    const changes = Array.from({ length: 23 }, (_, index): CausedChange => {
      return { property: "purge", from: `/d/${index}${index === 0 ? esc : ""}`, to: null, cause: "intent" }
    })
    const lines = renderPlan(fleetPlan({ machines: [machinePlan("m", [difference({ changes })])] }), plain).split("\n")
    expect(lines.slice(3, 5)).toEqual(["          - /d/0\\x1b", "          - /d/1"])
    expect(lines.slice(22)).toEqual(["          - /d/19", "          and 3 more; --json names all"])
  })

  it("says since when a reaction is owed", () => {
    const restart: CausedChange = { property: "restart", from: null, to: "file:/a", cause: "intent" }
    const changes = [{ ...restart, owedSince: "2026-11-24T21:00:00.000Z" }]
    const shown = renderPlan(fleetPlan({ machines: [machinePlan("m", [difference({ changes })])] }), plain)
    expect(shown).toContain("          restart: owed since 2026-11-24 21:00 UTC for file:/a")
  })

  it("names what could not be undone", () => {
    const step: Step = { do: "run-command", argv: ["/bin/migrate", "up"] }
    const plan = {
      ...machinePlan("web-1", [difference({ id: "command:migrate" })]),
      irreversible: [{ step, why: "no undo" }],
    }
    expect(renderPlan(fleetPlan({ machines: [plan] }), plain)).toContain(
      "      cannot be undone: run /bin/migrate up: no undo",
    )
  })

  it("names what packages bring along", () => {
    const move = (name: string, from: string | null, to: string | null) => ({ name, from, to })
    const packages: PackageOutlook = {
      manager: "apt",
      hasLists: true,
      moves: [],
      along: [move("a", null, "1"), move("b", null, "2"), move("c", "1", "2"), move("d", "1", null)],
      downloadBytes: 12_345_678,
      spaceBytes: -4_000,
      notes: ["as offered"],
    }
    const plan = { ...machinePlan("web-1", [difference({ id: "package:x" })]), packages }
    expect(
      renderPlan(fleetPlan({ machines: [plan] }), plain)
        .split("\n")
        .slice(-5),
    ).toEqual([
      "      + 2 packages along a 1, b 2",
      "      ~ 1 package along c 1 → 2",
      "      - 1 package along d 1",
      "        packages: 12 MB to fetch, 4 kB less on disk",
      "      ! as offered",
    ])
  })

  it("shows a text as a diff, a new text by its length, and cuts long values", () => {
    const changes: readonly CausedChange[] = [
      { property: "content", from: "a\n", to: "b\n", cause: "intent" },
      { property: "content", from: null, to: "one\ntwo\n", cause: "intent" },
      { property: "comment", from: "x", to: "y".repeat(200), cause: "intent" },
    ]
    const shown = renderPlan(fleetPlan({ machines: [machinePlan("m", [difference({ changes })])] }), plain)
    expect(shown.split("\n").slice(3)).toEqual([
      "          @@ -1,1 +1,1 @@",
      "          -a",
      "          +b",
      "          2 lines",
      `          comment: x → ${"y".repeat(100)}…`,
    ])
  })

  it("cannot be repainted by a value that a machine gave", () => {
    const changes = [{ property: "comment", from: `${esc}[1A${esc}[2K`, to: "fine", cause: "intent" } as const]
    const shown = renderPlan(fleetPlan({ machines: [machinePlan("m", [difference({ changes })])] }), plain)
    expect(shown).toContain("comment: \\x1b[1A\\x1b[2K → fine")
  })

  it("says what would be made first", () => {
    const release = [{ id: "package:nginx", action: "create", changes: [] } as const]
    const { from: _from, ...plan } = fleetPlan({ missing: ["web-1", "web-2"], release, to: 1 })
    expect(renderPlan({ ...plan, from: undefined }, plain)).toBe(
      [
        "web  in place, rolling  first release, 1",
        "  + web-1, web-2  would be made from the base, then:",
        "      + package:nginx",
      ].join("\n"),
    )
  })

  it("says which change is the base's, and when what lies below it is another", () => {
    const machines = [
      machinePlan("web-1", [{ ...difference({ id: "file:/a" }), origin: "platform" }, difference({ id: "file:/b" })]),
    ]
    const baseChange = { from: "debian bookworm", to: "debian trixie" }
    const shown = renderPlan(fleetPlan({ machines, baseChange }), plain)
    expect(shown).toContain("  ~ base  debian bookworm → debian trixie\n      made before, and so not of it: web-1\n")
    expect(shown).toMatch(/file:\/a {2}from base platform\n/)
    expect(shown).toMatch(/file:\/b\n|file:\/b$/)
  })

  it("is short when there is nothing to do", () => {
    expect(renderPlan(fleetPlan({ from: 2, empty: true }), plain)).toBe(
      "web  in place, rolling  release 2\n  nothing to do",
    )
  })
})

describe("a plan by replacement", () => {
  it("shows the turnover and what the new release changes", () => {
    const plan = fleetPlan({
      fleet: "cattle",
      delivery: "replace",
      strategy: "blue-green",
      forecast: {
        ...forecast,
        created: 3,
        retired: 3,
        peak: 6,
        leastServing: 3,
        seconds: 4,
        mixedSeconds: 0,
        waitsForPerson: false,
      },
      release: [
        { id: "package:nginx", action: "remove", changes: [] },
        { id: "file:/a", action: "change", changes: [{ property: "mode", from: "0644", to: "0600" }] },
      ],
    })
    expect(renderPlan(plan, plain)).toBe(
      [
        "cattle  by replacement, blue-green  release 1 → 2",
        "  + 3 to create, - 3 to retire  at most 6 at a time, at least 3 serving",
        "  about 4.0 s",
        "      - package:nginx",
        "      ~ file:/a",
        "          mode: 0644 → 0600",
      ].join("\n"),
    )
  })
})

describe("the plan of a scale", () => {
  const scaled = (size: NonNullable<FleetPlan["size"]>, given: Partial<FleetPlan> = {}): string =>
    renderPlan(fleetPlan({ delivery: "replace", from: 4, to: 4, size, ...given }), plain)
  const forecastOf = { ...forecast, created: 2, peak: 5, leastServing: 3 }

  it("is a number that becomes another, and how the configuration counts again", () => {
    expect(scaled({ from: 3, to: 5, configured: 3 }, { forecast: forecastOf })).toBe(
      [
        "web  by replacement, rolling  release 4",
        "  3 → 5 instances",
        "  + 2 to create, - 0 to retire  at most 5 at a time, at least 3 serving",
        "  about 4.0 s",
        "  ! scaled to 5; the configuration says 3, and counts again once that is changed, or: fireclay scale web 3",
      ].join("\n"),
    )
  })

  it("is remembered when nothing is to do", () => {
    expect(scaled({ from: 5, to: 5, configured: 3 }, { empty: true })).toMatch(
      /\n {2}nothing to do\n {2}! scaled to 5; /,
    )
  })

  it("says of a rollback that it has to bake first", () => {
    expect(scaled({ from: 3, to: 3, configured: 3 }, { bakes: true })).toMatch(
      /\n {2}! its image is not kept any more: /,
    )
  })

  it("says what no instances mean, and is silent where the configuration says the same", () => {
    expect(scaled({ from: 3, to: 0, configured: 0 })).toMatch(/\n {2}! without instances nothing serves$/)
    expect(scaled({ from: 3, to: 3, configured: 3 })).not.toContain("instances")
  })
})

describe("the status of a fleet", () => {
  const now = Date.parse("2026-01-01T10:00:00.000Z")
  const member = {
    release: 2,
    running: true,
    healthy: true,
    traffic: "ready",
    inFlight: 0,
    address: "10.0.0.2",
  } as const
  const shown = (given: Partial<FleetStatus>): readonly string[] =>
    renderStatus(
      {
        fleet: "web",
        delivery: "replace",
        current: 2,
        interrupted: false,
        mixed: false,
        listen: 8081,
        members: [{ name: "web-r2-1", ...member }],
        ...given,
      },
      plain,
      now,
    )
      .split("\n")
      .slice(0, -2)
  const rollout = {
    ...{ from: 2, to: 3, since: "2026-01-01T09:00:00.000Z", driven: true, paused: false },
    hears: ["promote", "promote-full", "abort"],
  } as const

  it.each<readonly [string, Partial<FleetStatus>, readonly string[]]>([
    ["is one line", {}, ["web  release 2, port 8081"]],
    [
      "has both numbers once it was scaled",
      { size: { wanted: 5, configured: 3 } },
      ["web  release 2, port 8081, 5 instances (scaled: the configuration says 3)"],
    ],
    ["has one number otherwise", { size: { wanted: 1, configured: 1 } }, ["web  release 2, port 8081, 1 instance"]],
    [
      "says what a rollout waits for, and what it hears",
      { rollout: { ...rollout, waits: { why: "the new set is ready" } } },
      [
        "web  release 2, port 8081",
        "  ▸ rollout, release 2 → 3: the new set is ready",
        "    hears: fireclay promote web, fireclay promote web --full, fireclay abort web",
      ],
    ],
    [
      "says how long it waits",
      { rollout: { ...rollout, hears: ["pause"], waits: { why: "measuring", until: "2026-01-01T10:00:30.000Z" } } },
      [
        "web  release 2, port 8081",
        "  ▸ rollout, release 2 → 3: measuring, until 10:00:30 UTC (30 s)",
        "    hears: fireclay pause web",
      ],
    ],
    [
      "says that it is paused, whatever it waited for",
      { rollout: { ...rollout, paused: true, hears: ["resume", "abort"], waits: { why: "measuring" } } },
      [
        "web  release 2, port 8081",
        "  ▸ rollout, release 2 → 3: paused",
        "    hears: fireclay resume web, fireclay abort web",
      ],
    ],
    [
      "says that it was cut off",
      { interrupted: true, rollout: { ...rollout, to: 2, driven: false, hears: ["abort"] } },
      [
        "web  release 2, port 8081  a rollout was cut off: apply again",
        "  ▸ rollout, release 2: cut off",
        "    hears: fireclay abort web",
      ],
    ],
    [
      "has what is kept aside, and for how long",
      { kept: { members: ["web-r1-1"], release: 1, until: "2026-01-01T11:30:00.000Z" } },
      [
        "web  release 2, port 8081",
        "  ▸ kept aside, release 1: web-r1-1, until 11:30:00 UTC (1 h 30 min); fireclay rollback web switches back",
      ],
    ],
    [
      "says what becomes of that once its time is over",
      { kept: { members: ["web-r1-1"], release: 1, until: "2026-01-01T09:59:00.000Z" } },
      [
        "web  release 2, port 8081",
        "  ▸ kept aside, release 1: web-r1-1, the time is over, and the next apply or rollback removes them; fireclay rollback web switches back",
      ],
    ],
  ])("%s", (_, given, lines) => {
    expect(shown(given)).toEqual(lines)
  })

  it.each([
    [0, "0 s"],
    [59_001, "1 min"],
    [61_000, "1 min 1 s"],
    [3_600_000, "1 h"],
    [90_061_000, "1 d 1 h"],
  ])("calls %i ms %s", (ms, said) => {
    expect(inWords(ms)).toBe(said)
  })
})

describe("the summary of plans", () => {
  it("adds up what would happen", () => {
    const inPlace = fleetPlan({ machines: [machinePlan("a", [difference({})]), machinePlan("b", [])], missing: ["c"] })
    const replaced = fleetPlan({ delivery: "replace", forecast: { ...forecast, created: 3, retired: 2 } })
    expect(renderSummary([inPlace, replaced], plain)).toBe("Plan: 1 to change, 1 to start, 3 to create, 2 to retire.")
  })

  it("does not call it a release where there is none", () => {
    const scaled = fleetPlan({ delivery: "replace", from: 2, size: { from: 5, to: 5, configured: 5 } })
    expect(renderSummary([scaled], plain)).toMatch(/^Plan: the log is brought up to date/)
  })

  it("tells a release that changes no machine from nothing at all", () => {
    expect(renderSummary([fleetPlan({})], plain)).toBe("Plan: a new release, and nothing on the machines changes.")
    expect(renderSummary([fleetPlan({ empty: true })], plain)).toBe("Nothing to do: every fleet is at its release.")
  })
})

describe("an error", () => {
  const error = new FireclayError("FC_MACHINE_UNREACHABLE", "web2:22 refused the connection", {
    at: "fleets.web.on.hosts[1]",
    details: ["ssh: connect to host web2 port 22: Connection refused", `${esc}[31mred`],
    remedy: "ssh web2 true",
  })

  it("has a code, a message, a place, details and a remedy", () => {
    expect(renderError(error, plain)).toBe(
      [
        "FC_MACHINE_UNREACHABLE  web2:22 refused the connection",
        "  at   fleets.web.on.hosts[1]",
        "  |    ssh: connect to host web2 port 22: Connection refused",
        "  |    \\x1b[31mred",
        "  try  ssh web2 true",
      ].join("\n"),
    )
  })

  it("leaves out what it does not know", () => {
    expect(renderError(new FireclayError("FC_STORE", "the disk is full"), plain)).toBe("FC_STORE  the disk is full")
  })

  it("is data with the same", () => {
    expect(errorDocument(error)).toMatchObject({
      error: { code: "FC_MACHINE_UNREACHABLE", at: "fleets.web.on.hosts[1]", remedy: "ssh web2 true" },
    })
  })

  it("that is a part of an answer has its message there too", () => {
    expect(JSON.parse(JSON.stringify({ problem: error }))).toEqual({
      problem: {
        ...{ code: "FC_MACHINE_UNREACHABLE", message: "web2:22 refused the connection", remedy: "ssh web2 true" },
        ...{ at: "fleets.web.on.hosts[1]", details: error.details },
      },
    })
  })

  it("that is ours by mistake comes with its stack", () => {
    expect(renderError(new TypeError("oops"), plain)).toMatch(/^TypeError: oops\n {4}at /)
    expect(errorDocument(new TypeError("oops"))).toEqual({ error: { code: "unknown", message: "oops" } })
  })

  it.each([
    ["FC_SPEC_PORT", 64],
    ["FC_CONFIG_LOAD", 64],
    ["FC_FLEET_UNKNOWN", 64],
    ["FC_PROJECT_PORT_TAKEN", 64],
    ["FC_USAGE", 64],
    ["FC_PATCH_WINDOW", 64],
    ["FC_CONFIRM", 64],
    ["FC_CANCELLED", 130],
    ["FC_ROLLOUT_REVERTED", 3],
    ["FC_ROLLOUT_FAILED", 1],
    ["FC_MACHINE_UNREACHABLE", 1],
  ] satisfies readonly (readonly [ErrorCode, number])[])("%s ends with %i", (code, exitCode) => {
    expect(exitCodeOf(new FireclayError(code, "x"))).toBe(exitCode)
  })

  it("of every code ends with one of the exit codes that the help names", () => {
    const exitCodes = (Object.keys(errorCodes) as ErrorCode[]).map((code) => exitCodeOf(new FireclayError(code, "x")))
    expect([...new Set(exitCodes)].sort()).toEqual([1, 130, 3, 64])
    expect(exitCodeOf(new Error("x"))).toBe(1)
  })
})

describe("plain progress", () => {
  it("tells once what a machine does, not each step", () => {
    const said: string[] = []
    const view = plainProgress((text) => said.push(text))
    view.event({ fleet: "web", doing: "baking" })
    view.event({ fleet: "web", member: "web-1", doing: "write file", step: 1, steps: 3 })
    view.event({ fleet: "web", member: "web-1", doing: "write file", step: 2, steps: 3 })
    view.event({ fleet: "web", member: "web-1", doing: "healthy", done: true })
    view.stop()
    expect(said).toEqual(["web: baking\n", "web-1: write file (1 of 3)\n", "web-1: healthy\n"])
  })
})

describe("live progress", () => {
  it("redraws a line for each machine in place", () => {
    vi.useFakeTimers()
    try {
      const said: string[] = []
      const view = liveProgress(
        (text) => said.push(text),
        () => 0,
      )
      view.event({ fleet: "web", member: "web-1", doing: "installing", step: 1, steps: 2 })
      view.event({ fleet: "web", member: "web-10", doing: "healthy", done: true })
      vi.advanceTimersByTime(80)
      view.event({ fleet: "web", member: "web-1", doing: "healthy", done: true })
      view.stop()
      vi.advanceTimersByTime(800)
      expect(said).toEqual([
        `${esc}[J  ⠋ web-1   installing (1 of 2)\n  ✓ web-10  healthy\n`,
        `${esc}[2A${esc}[J  ✓ web-1   healthy\n  ✓ web-10  healthy\n`,
      ])
    } finally {
      vi.useRealTimers()
    }
  })
})

describe("colours", () => {
  const stream = (isTTY: boolean): NodeJS.WriteStream => ({ isTTY }) as NodeJS.WriteStream
  const red = `${esc}[31mx${esc}[39m`

  it.each([
    ["auto", true, undefined, red],
    ["auto", false, undefined, "x"],
    ["auto", true, "1", "x"],
    ["auto", true, "", red],
    ["always", false, "1", red],
    ["never", true, undefined, "x"],
  ] as const)("%s, terminal: %s, NO_COLOR: %s", (color, terminal, noColor, shown) => {
    vi.stubEnv("NO_COLOR", noColor)
    try {
      expect(paintOn(stream(terminal), color)("red", "x")).toBe(shown)
    } finally {
      vi.unstubAllEnvs()
    }
  })

  it("make no difference to whether an answer is for people or for programs", () => {
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true)
    try {
      for (const json of [true, false]) {
        const output = openOutput({ json, color: "never", redact: (text) => text })
        output.print("text")
        output.answer({ a: 1 })
      }
      expect(write.mock.calls.map(([text]) => text)).toEqual(['{\n  "schemaVersion": 1,\n  "a": 1\n}\n', "text\n"])
    } finally {
      write.mockRestore()
    }
  })
})
