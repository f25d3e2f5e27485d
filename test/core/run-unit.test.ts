import { existsSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Run, Spec, Volume } from "../../src/contract/index.ts"
import { runResources, unitName } from "../../src/core/run-unit.ts"
import { file, service } from "../../src/resources/index.ts"
import { secret } from "../../src/spec/index.ts"
import { run } from "../../src/system/process.ts"

const spec = (
  runs: Run | undefined,
  more: { readonly port?: number; readonly volumes?: readonly Volume[] } = {},
): Spec => ({
  name: "web",
  base: { distribution: "debian", suite: "bookworm", include: [] },
  resources: [file("/etc/app.conf", { content: "" }), service("cron")],
  volumes: [],
  ...(runs === undefined ? {} : { run: runs }),
  ...more,
})

const unitOf = (runs: Run, more: Parameters<typeof spec>[1] = {}): string => {
  const [unit] = runResources(spec(runs, more))
  const [source] = unit?.sources ?? []
  return source !== undefined && "text" in source ? source.text : ""
}

const linesOf = (runs: Run, key: string, more: Parameters<typeof spec>[1] = {}): readonly string[] =>
  unitOf(runs, more)
    .split("\n")
    .filter((line) => line.startsWith(`${key}=`))
    .map((line) => line.slice(key.length + 1))

const program = "/bin/true"

describe("a spec's run", () => {
  it("is nothing when there is none", () => {
    expect(runResources(spec(undefined))).toEqual([])
  })

  it("is a unit file, and a service that runs", () => {
    const path = "/etc/systemd/system/fireclay-web.service"
    const [unit, running, ...rest] = runResources(spec({ command: [program] }))
    expect(unit).toMatchObject({
      type: "file",
      id: `file:${path}`,
      want: { path, mode: 0o644, owner: "root", group: "root" },
    })
    expect(running).toEqual({
      type: "service",
      id: "service:fireclay-web.service",
      want: {
        unit: "fireclay-web.service",
        enabled: true,
        running: true,
        restartOn: ["file:/etc/app.conf", path],
        reloadOn: [],
      },
    })
    expect(rest).toEqual([])
    expect(unitName({ name: "web" })).toBe("fireclay-web.service")
  })

  it("restarts only for what it is told, and for its own unit", () => {
    const [, running] = runResources(spec({ command: [program], restartOn: ["/etc/app.conf"] }))
    expect(running?.want).toMatchObject({ restartOn: ["/etc/app.conf", "/etc/systemd/system/fireclay-web.service"] })
  })
})

const words: readonly (readonly [string, string])[] = [
  ["plain", '"plain"'],
  ["two words", '"two words"'],
  ["100%", '"100%%"'],
  ["%n", '"%%n"'],
  ["$HOME", '"$$HOME"'],
  ["${HOME}", '"$${HOME}"'],
  ['say "hi"', '"say \\"hi\\""'],
  ["it's", '"it\'s"'],
  ["back\\slash", '"back\\\\slash"'],
  ["\\x41", '"\\\\x41"'],
  ["line\nbreak", '"line\\nbreak"'],
  [";", '";"'],
  ["-", '"-"'],
  ["", '""'],
  ["grüße ✓", '"grüße ✓"'],
]

describe("a word of the command", () => {
  it.each(words)("%j is written %s", (word, written) => {
    expect(linesOf({ command: [program, word, "end"] }, "ExecStart")).toEqual([`"${program}" ${written} "end"`])
  })
})

describe("the rest of the unit", () => {
  it.each([
    ["value", '"NAME=value"'],
    ['$x 100% "q" \\', '"NAME=$x 100%% \\"q\\" \\\\"'],
    ["a\nb", '"NAME=a\\nb"'],
  ])("has the variable %j as %s", (value, written) => {
    expect(linesOf({ command: [program], environment: { NAME: value } }, "Environment")).toEqual([written])
  })

  it.each([
    ["daemon, port 80", { user: "daemon" }, 80, true],
    ["daemon, port 1024", { user: "daemon" }, 1024, false],
    ["root, port 80", {}, 80, false],
  ] as const)("may open a low port: %s", (_, more, port, may) => {
    expect(linesOf({ command: [program], ...more }, "AmbientCapabilities", { port })).toEqual(
      may ? ["CAP_NET_BIND_SERVICE"] : [],
    )
  })

  it("says who runs it, and where", () => {
    const runs = { command: [program], user: "app", directory: "/srv/100%" }
    expect([...linesOf(runs, "User"), ...linesOf(runs, "WorkingDirectory")]).toEqual(["app", "/srv/100%%"])
  })

  it("lets it write to its volumes and what it names, and nowhere else", () => {
    const volumes = [{ name: "data", path: "/srv/data" }]
    expect(linesOf({ command: [program], writable: ["/var/a b"] }, "ReadWritePaths", { volumes })).toEqual([
      '"/srv/data"',
      '"/var/a b"',
    ])
    expect(linesOf({ command: [program] }, "ProtectSystem")).toEqual(["strict"])
  })
})

/** What reads units is there wherever they run; elsewhere the name says what was not looked at. */
const analyze = ["/usr/bin/systemd-analyze", "/bin/systemd-analyze"].find((path) => existsSync(path))

describe(analyze === undefined ? "systemd (systemd-analyze is not installed: not asked)" : "systemd", () => {
  let directory = ""
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "fireclay-unit-"))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  /** What it has to say against a unit. */
  const complaints = async (text: string): Promise<string> => {
    if (analyze === undefined) return ""
    const path = join(directory, "fireclay-web.service")
    await writeFile(path, text)
    const { exitCode, stderr } = await run([analyze, "--man=no", "--recursive-errors=no", "verify", path])
    return `${exitCode} ${stderr.toString()}`
      .split("\n")
      .filter((line) => line.includes("fireclay-web") || /^[1-9]/.test(line))
      .join("\n")
  }

  it("takes a unit with everything in it", async () => {
    const text = unitOf(
      {
        command: [program, ...words.map(([word]) => word)],
        user: "daemon",
        directory: "/",
        environment: { A: '$x 100% "q" \\ \n' },
        writable: ["/var/a b%"],
      },
      { port: 80, volumes: [{ name: "data", path: "/srv/data" }] },
    )
    expect(await complaints(text)).toBe("")
  })

  it.runIf(analyze !== undefined)("would complain", async () => {
    const text = unitOf({ command: [program] })
    expect(await complaints(text.replace("Type=exec", "Typ=exec"))).toContain("Typ")
    expect(await complaints(text.replace(`"${program}"`, '"/bin/tr\\ue"'))).not.toBe("")
  })
})

describe("secrets in its environment", () => {
  const secretly: Run = { command: [program], environment: { A: "plain", TOKEN: secret("TOKEN"), KEY: secret("KEY") } }
  const path = "/etc/fireclay/web.env"

  it("stand in a file for root only, which comes before the unit and restarts it", () => {
    const [variables, unit, running] = runResources(spec({ ...secretly, restartOn: [] }))
    expect(variables).toMatchObject({ id: `file:${path}`, want: { path, mode: 0o600, owner: "root", group: "root" } })
    expect(variables?.sources).toMatchObject([{ form: "unit", assignments: { TOKEN: { secret: "TOKEN" }, KEY: {} } }])
    expect(unit?.id).toBe("file:/etc/systemd/system/fireclay-web.service")
    expect(running?.want).toMatchObject({ restartOn: ["/etc/systemd/system/fireclay-web.service", `file:${path}`] })
  })

  it("are not in the unit, which names the file", () => {
    const [, unit] = runResources(spec(secretly))
    const [source] = unit?.sources ?? []
    const text = source !== undefined && "text" in source ? source.text : ""
    expect(text.split("\n").filter((line) => line.startsWith("Environment"))).toEqual([
      "EnvironmentFile=-/run/fireclay/instance.env",
      'Environment="A=plain"',
      `EnvironmentFile=${path}`,
    ])
  })
})
