import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { commands } from "../../src/cli/commands.ts"
import { sqliteStore } from "../../src/stores/index.ts"
import { run } from "../../src/system/process.ts"
import { cli, cliEnvironment } from "../support/cli.ts"

const root = join(import.meta.dirname, "../..")

let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "fireclay-cli-"))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

interface Said {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** The real program, without a terminal, as a user with an empty home would start it. */
const fireclay = async (words: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = home): Promise<Said> => {
  const { PATH } = process.env
  const cache = join(home, ".cache")
  const all = { PATH, HOME: home, XDG_CACHE_HOME: cache, ...cliEnvironment, ...env }
  const said = await run([...cli, ...words], { cwd, env: all, timeoutMs: 25_000 })
  return { exitCode: said.exitCode, stdout: said.stdout.toString(), stderr: said.stderr.toString() }
}

/** The one document on standard output; throws if anything else stands there. */
const document = ({ stdout }: Said): { readonly schemaVersion: number; readonly [key: string]: unknown } =>
  JSON.parse(stdout)

let projects = 0
/** A directory with a configuration of this text. */
const project = (config: string, files: Readonly<Record<string, string>> = {}): string => {
  projects += 1
  const directory = join(home, `project-${projects}`)
  mkdirSync(directory)
  for (const [name, text] of Object.entries({ "fireclay.config.ts": config, ...files }))
    writeFileSync(join(directory, name), text)
  return directory
}

const withFleets = (fleets: string, more = ""): string => `
import { allAtOnce, blueGreen, defineProject, fleet, inPlace, local, replace, spec, ssh } from "fireclay"
import { file } from "fireclay/resources"
const web = spec("web", {
  resources: [file("/etc/motd", { content: "hello\\n" })],
  ${more}
})
export default defineProject({ name: "shop", fleets: { ${fleets} } })
`
const local = withFleets("pets: fleet(web, { on: local({ machines: 1 }), by: inPlace({ strategy: allAtOnce() }) })")

describe("unlock", () => {
  it("shows who holds the fleet, and takes it over only when told to", async () => {
    const cwd = project(
      withFleets("web: fleet(web, { on: local({ count: 1 }), by: replace({ strategy: allAtOnce() }) })"),
    )
    const store = sqliteStore({ directory: join(cwd, ".fireclay") })
    const [since, expires] = ["2026-01-01T00:00:00.000Z", "2999-01-01T00:00:00.000Z"]
    const holder = { who: "eve", host: "there", pid: 4711, doing: "apply web, release 7", since, expires }
    await store.acquire("web", holder, () => false)
    const asked = await fireclay(["unlock", "web"], {}, cwd)
    expect([asked.exitCode, asked.stdout]).toEqual([
      64,
      [
        "web is held by eve on there (process 4711)",
        "  doing    apply web, release 7",
        `  since    ${since}`,
        `  expires  ${expires}`,
        "  process  runs elsewhere, or ran there: not known",
        "",
      ].join("\n"),
    ])
    expect(asked.stderr).toContain("FC_CONFIRM")
    expect(await store.holder("web")).toEqual(holder)
    const told = await fireclay(["unlock", "web", "--yes", "--json"], {}, cwd)
    expect([told.exitCode, document(told)]).toMatchObject([
      0,
      { fleet: "web", held: { holder, life: "unknown" }, token: 2 },
    ])
    expect(await store.holder("web")).toBeUndefined()
    expect((await fireclay(["unlock", "web"], {}, cwd)).stdout).toMatch(/^Nobody is working on web\.\n/)
    await store.close()
  })
})

describe("patch", () => {
  const fleets = withFleets(`web: fleet(web, { on: local({ count: 1 }), by: replace({ strategy: allAtOnce() }) })`)

  it.each([
    [["patch", "web", "--reboot", "sometimes"], 64, "FC_USAGE", '"sometimes" is not when a machine is rebooted'],
    [["patch", "web", "--yes"], 1, "FC_RELEASE_UNKNOWN", "try  fireclay apply web"],
  ] as const)("%j is refused", async (words, exitCode, code, said) => {
    const refused = await fireclay(words, {}, project(fleets))
    expect([refused.exitCode, refused.stdout, refused.stderr]).toEqual([exitCode, "", expect.stringContaining(code)])
    expect(refused.stderr).toContain(said)
  })
})

describe("scale", () => {
  const fleets = withFleets(`
    pets: fleet(web, { on: local({ machines: 1 }), by: inPlace({ strategy: allAtOnce() }) }),
    far: fleet(web, { on: ssh({ hosts: ["a.example"] }), by: inPlace({ strategy: allAtOnce() }) }),
    web: fleet(web, { on: local({ count: 1 }), by: replace({ strategy: allAtOnce() }) }),
  `)

  it.each([
    [["scale", "web", "many"], 64, "FC_USAGE", '"many" is not a number of instances'],
    [["scale", "web", "1001"], 64, "FC_USAGE", "from 0 to 1000"],
    [["scale", "web"], 64, "FC_USAGE", "count"],
    [["scale", "wbe", "2"], 64, "FC_FLEET_UNKNOWN", 'did you mean "web"?'],
    [["scale", "web", "2"], 64, "FC_SCALE", "try  fireclay apply web"],
    [["scale", "pets", "2"], 64, "FC_SCALE", "local({ machines: … })"],
    [["scale", "far", "2"], 64, "FC_SCALE", "add hosts to the configuration"],
  ])("%j is refused", async (words, exitCode, code, said) => {
    const refused = await fireclay(words, {}, project(fleets))
    expect([refused.exitCode, refused.stdout, refused.stderr]).toEqual([exitCode, "", expect.stringContaining(code)])
    expect(refused.stderr).toContain(said)
  })
})

describe("help", () => {
  it("comes with examples first, and names every command", async () => {
    const { exitCode, stdout, stderr } = await fireclay(["help"])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" })
    expect(stdout).toMatch(/^Examples:\n {2}fireclay init\n/)
    for (const { name } of commands) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, "m"))
    expect((await fireclay(["--help"])).stdout).toBe(stdout)
  })

  it("goes to standard error when there is no command, which is wrong usage", async () => {
    const { exitCode, stdout, stderr } = await fireclay([])
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: "" })
    expect(stderr).toMatch(/^Examples:\n/)
    const asJson = await fireclay(["--json"])
    expect(document(asJson)).toMatchObject({ error: { code: "FC_USAGE", remedy: "fireclay help" } })
  })

  it.each(commands.map(({ name }) => name))("on %s has an example that the command understands", async (name) => {
    const { exitCode, stdout } = await fireclay([name, "--help"])
    expect(exitCode).toBe(0)
    const [, example = ""] = /^Example:\n {2}fireclay (.*)\n/.exec(stdout) ?? []
    expect(example.split(" ")[0]).toBe(name)
    const [own = ""] = example.split(" -- ")
    for (const [flag] of own.matchAll(/--[a-z-]+/g)) expect(stdout).toMatch(new RegExp(`^ .*${flag}\\b`, "m"))
  })

  it("tells the exit codes", async () => {
    const { exitCode, stdout } = await fireclay(["help", "exit-codes"])
    expect(exitCode).toBe(0)
    for (const code of [0, 1, 2, 3, 64, 130]) expect(stdout).toMatch(new RegExp(`^ {2}${code} +\\w`, "m"))
  })

  it("guesses what was meant", async () => {
    const { exitCode, stderr } = await fireclay(["help", "exit-cods"])
    expect(exitCode).toBe(64)
    expect(stderr).toBe('FC_USAGE  there is no help on "exit-cods"\n  try  did you mean "exit-codes"?\n')
  })
})

describe("the version", () => {
  it.each([[["--version"]], [["-V"]], [["-V", "--json"]]])("%j", async (words) => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }
    expect(await fireclay(words)).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: "" })
  })
})

describe("wrong usage", () => {
  it.each([
    [["plann"], "unknown command 'plann'", "did you mean plan?"],
    [["xyzzy"], "unknown command 'xyzzy'", "fireclay help"],
    [["plan", "--jsno"], "unknown option '--jsno'", "did you mean --json?"],
    [["plan", "--detailed-exitcod"], "unknown option '--detailed-exitcod'", "did you mean --detailed-exitcode?"],
    [["apply", "--force"], "unknown option '--force'", "fireclay help apply"],
    [["rollback"], "missing required argument 'fleet'", "fireclay help rollback"],
    [["init", "a", "b"], "too many arguments for 'init'. Expected 1 argument but got 2: a, b.", "fireclay help init"],
    [["plan", "-C"], "option '-C, --directory <path>' argument missing", "fireclay help plan"],
  ])("%j", async (words, message, remedy) => {
    const said = await fireclay(words)
    expect(said).toEqual({ exitCode: 64, stdout: "", stderr: `FC_USAGE  ${message}\n  try  ${remedy}\n` })
    const asJson = await fireclay([...words.slice(0, 1), "--json", ...words.slice(1)])
    expect(asJson.exitCode).toBe(64)
    expect(document(asJson)).toMatchObject({ schemaVersion: 1, error: { code: "FC_USAGE", message, remedy } })
    expect(asJson.stderr).toBe(said.stderr)
  })

  it("of --color names what it knows", async () => {
    const { exitCode, stderr } = await fireclay(["plan", "--color", "pink"])
    expect(exitCode).toBe(64)
    expect(stderr).toContain("Allowed choices are auto, always, never.")
  })
})

describe("a configuration", () => {
  it("that is not there", async () => {
    const said = await fireclay(["plan", "--json"])
    expect(said.exitCode).toBe(64)
    expect(document(said)).toMatchObject({ error: { code: "FC_CONFIG_NOT_FOUND", remedy: "fireclay init" } })
    expect((await fireclay(["plan", "-c", "other.ts"])).stderr).toContain(`${join(home, "other.ts")} is not there`)
  })

  it("that does not load", async () => {
    const directory = project("export default {{{")
    const said = await fireclay(["plan", "--json", "-C", directory])
    expect(said.exitCode).toBe(64)
    expect(document(said)).toMatchObject({
      error: { code: "FC_CONFIG_LOAD", at: join(directory, "fireclay.config.ts") },
    })
  })

  it("that exports something else", async () => {
    const { exitCode, stderr } = await fireclay(["plan", "-C", project("export default { name: 'x' }")])
    expect(exitCode).toBe(64)
    expect(stderr).toContain("FC_CONFIG_LOAD  the configuration does not export a project")
  })

  it("with an error in it names the place and the line", async () => {
    const directory = project(withFleets("", "port: 70000,"))
    const { exitCode, stdout, stderr } = await fireclay(["plan", "-C", directory])
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: "" })
    expect(stderr).toBe(
      [
        "FC_SPEC_PORT  port 70000 is out of range",
        "  at   specs.web.port (fireclay.config.ts:4)",
        "  try  use a whole number from 1 to 65535",
        "",
      ].join("\n"),
    )
  })

  it("is found from a directory below, by a path, and by FIRECLAY_CONFIG", async () => {
    const directory = project(withFleets(""))
    mkdirSync(join(directory, "deep", "down"), { recursive: true })
    const empty = { fleets: [] }
    const plan = (...words: readonly string[]): Promise<Said> => fireclay(["plan", "--json", ...words])
    expect(document(await plan("-C", join(directory, "deep", "down")))).toMatchObject(empty)
    expect(document(await plan("--config", join(directory, "fireclay.config.ts")))).toMatchObject(empty)
    const env = { FIRECLAY_CONFIG: join(directory, "fireclay.config.ts") }
    expect(document(await fireclay(["plan", "--json"], env))).toMatchObject(empty)
    const nowhere = await fireclay(["plan", "--json", "-c", "nowhere.ts"], env)
    expect(document(nowhere)).toMatchObject({ error: { code: "FC_CONFIG_NOT_FOUND" } })
  })

  it("loads below a package.json that says commonjs, and with files of its own", async () => {
    const directory = project(
      withFleets("").replace('"web"', "name").replace("import {", 'import { name } from "./name.ts"\nimport {'),
      {
        "package.json": '{ "type": "commonjs" }',
        "name.ts": 'export const name: string = "web"\n',
      },
    )
    const said = await fireclay(["plan", "--json", "-C", directory])
    expect(said.stderr).toBe("")
    expect(document(said)).toMatchObject({ fleets: [] })
  })

  it("without the fleet that is asked for", async () => {
    const { exitCode, stderr } = await fireclay(["plan", "pest", "-C", project(local)])
    expect(exitCode).toBe(64)
    expect(stderr).toBe('FC_FLEET_UNKNOWN  there is no fleet "pest"\n  at   fleets.pest\n  try  did you mean "pets"?\n')
  })
})

describe("init", () => {
  it("writes what plan understands, keeps what is there, and refuses a second time", async () => {
    const directory = join(home, "My Shop")
    mkdirSync(directory)
    writeFileSync(join(directory, ".gitignore"), "node_modules/")
    const first = await fireclay(["init", "My Shop", "--json"])
    expect(first).toMatchObject({ exitCode: 0, stderr: "" })
    expect(document(first)).toEqual({ schemaVersion: 1, file: join(directory, "fireclay.config.ts") })
    expect(readFileSync(join(directory, ".gitignore"), "utf8")).toBe("node_modules/\n.fireclay/\n")
    const planned = await fireclay(["plan", "--json", "-C", "My Shop"])
    expect(document(planned)).toMatchObject({
      fleets: [
        { fleet: "pets", delivery: "in-place", empty: false, missing: ["pets-1", "pets-2"] },
        { fleet: "cattle", delivery: "replace", empty: false },
      ],
    })
    const second = await fireclay(["-C", "My Shop", "init"])
    expect(second).toMatchObject({ exitCode: 64, stdout: "" })
    expect(second.stderr).toContain("FC_CONFIG_EXISTS")
  })
})

describe("plan", () => {
  it("answers with text or with one document, and by its exit code if asked", async () => {
    const directory = project(local)
    const { stdout, stderr, exitCode } = await fireclay(["plan", "-C", directory])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" })
    expect(stdout).toBe(
      [
        "pets  in place, all-at-once  first release, 1",
        "  + pets-1  would be made from the base, then:",
        "      + file:/etc/motd",
        "",
        "Plan: 1 to start.",
        "",
      ].join("\n"),
    )
    const detailed = await fireclay(["plan", "--detailed-exitcode", "--json", "-C", directory])
    expect(detailed.exitCode).toBe(2)
    expect(document(detailed).schemaVersion).toBe(1)
    expect((await fireclay(["plan", "--detailed-exitcode", "-C", project(withFleets(""))])).exitCode).toBe(0)
  })

  it("takes options for all commands before its name and after it, and the later one counts", async () => {
    const directory = project(local)
    for (const words of [
      ["-C", directory, "--json", "plan"],
      ["plan", "--json", "-C", directory],
      ["-C", "/nowhere", "plan", "-C", directory, "--json"],
    ])
      expect(document(await fireclay(words))).toMatchObject({ fleets: [{ fleet: "pets" }] })
  })

  it("is in colour only where it is asked for", async () => {
    const directory = project(local)
    const always = await fireclay(["--color", "always", "plan", "-C", directory], { NO_COLOR: "1" })
    expect(always.stdout).toContain("\u001b[1mpets")
    const never = await fireclay(["plan", "-C", directory], { FORCE_COLOR: "1", NO_COLOR: "1" })
    expect(never.stdout).not.toContain("\u001b")
  })

  it("tells once that a server cannot be reached", async () => {
    const port = await closedPort()
    const host = `ssh({ hosts: [{ name: "web1", destination: "127.0.0.1", port: ${port} }] })`
    const directory = project(withFleets(`web: fleet(web, { on: ${host}, by: inPlace({ strategy: allAtOnce() }) })`))
    const said = await fireclay(["plan", "--json", "-C", directory])
    expect(said.exitCode).toBe(1)
    expect(document(said)).toMatchObject({ error: { code: "FC_MACHINE_UNREACHABLE", at: "web1" } })
    expect(said.stderr.match(/^FC_/gm)).toEqual(["FC_"])
    expect(said.stderr).toMatch(/127\.0\.0\.1:\d+ refused the connection \(3 tries in /)
  })
})

describe("apply", () => {
  it("without a terminal and without --yes does nothing, and names the flag", async () => {
    const directory = project(local)
    const said = await fireclay(["apply", "-C", directory])
    expect(said.exitCode).toBe(64)
    expect(said.stdout).toContain("Plan: 1 to start.")
    expect(said.stderr).toBe(
      "FC_CONFIRM  this has to be confirmed, and there is no terminal to ask at\n  try  add --yes\n",
    )
    const asJson = await fireclay(["apply", "--json", "-C", directory])
    expect(document(asJson)).toMatchObject({ error: { code: "FC_CONFIRM", remedy: "add --yes" } })
    const releases = await fireclay(["releases", "--json", "-C", directory])
    expect(document(releases)).toMatchObject({ fleets: [{ fleet: "pets", current: null, releases: [] }] })
    expect(existsSync(join(directory, ".fireclay", "routers"))).toBe(false)
    expect(readdirSync(join(directory, ".fireclay")).filter((name) => !name.startsWith("fireclay.db"))).toEqual([])
  })

  it("asks for nothing when there is nothing to do", async () => {
    const said = await fireclay(["apply", "--json", "-C", project(withFleets(""))])
    expect(said).toMatchObject({ exitCode: 0, stderr: "" })
    expect(document(said)).toEqual({ schemaVersion: 1, fleets: [] })
  })
})

describe("audit and history", () => {
  const lived = async (): Promise<string> => {
    const directory = project(local)
    const store = sqliteStore({ directory: join(directory, ".fireclay"), who: "ann@laptop" })
    await store.append([
      { fleet: "pets", kind: "rollout.finished", body: { to: 1, seconds: 1.5, versions: { "pets-1": 1 } } },
      { fleet: "gone", kind: "fleet.destroyed", body: {} },
    ])
    await store.close()
    return directory
  }

  it("verify says that the log is whole, and gives an anchor that fits a copy of it", async () => {
    const directory = await lived()
    const verified = await fireclay(["audit", "verify", "-C", directory])
    expect(verified).toMatchObject({ exitCode: 0, stderr: "" })
    expect(verified.stdout).toContain("2 events: as they were written")
    const anchor = (await fireclay(["audit", "anchor", "-C", directory])).stdout.trim()
    const { stdout } = await fireclay(["audit", "export", "-C", directory])
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).kind),
    ).toEqual(["rollout.finished", "fleet.destroyed"])
    writeFileSync(join(directory, "log.jsonl"), stdout)
    writeFileSync(join(directory, "cut.jsonl"), stdout.slice(0, stdout.indexOf("\n") + 1))
    const check = (file: string) => fireclay(["audit", "verify", join(directory, file), "--anchor", anchor, "--json"])
    expect(document(await check("log.jsonl"))).toMatchObject({ whole: true, faults: [] })
    const cut = await check("cut.jsonl")
    expect(cut.exitCode).toBe(1)
    expect(document(cut)).toMatchObject({ whole: false, faults: [expect.stringContaining("no event 2 any more")] })
  })

  it.each<readonly [words: readonly string[], remedy: string]>([
    [["mend"], "fireclay audit verify, fireclay audit export, or fireclay audit anchor"],
    [["export", "log.jsonl"], "fireclay audit export"],
    [["verify", "log.jsonl", "more.jsonl"], "fireclay audit verify"],
    [["anchor", "-o", "anchor.txt"], "fireclay audit anchor"],
    [["report"], "fireclay audit report -o audit.html, or --json"],
  ])("refuses what it cannot do: %j", async (words, remedy) => {
    const said = await fireclay(["audit", ...words, "-C", project(local)])
    expect(said.exitCode).toBe(64)
    expect(said.stderr).toContain(remedy)
  })

  it("history tells of a fleet, of a machine, and of what is gone; and knows what it does not know", async () => {
    const directory = await lived()
    const lines = async (...names: readonly string[]) =>
      (await fireclay(["history", "-C", directory, ...names])).stdout.trimEnd().split("\n").slice(1)
    expect(await lines("pets")).toEqual([
      expect.stringMatching(/ann@laptop +pets +release 1 is in force, after 1.5 s$/),
    ])
    expect(await lines("pets-1")).toEqual([expect.stringMatching(/ann@laptop +pets +is at release 1$/)])
    expect(await lines("gone")).toEqual([expect.stringMatching(/gone +destroyed$/)])
    const unknown = await fireclay(["history", "-C", directory, "other"])
    expect(unknown).toMatchObject({ exitCode: 64 })
    expect(unknown.stderr).toContain("it knows: pets, gone, pets-1")
  })
})

describe("exec", () => {
  it.each([
    [["exec", "pets", "--", "ls", "-l", "--json", "/"]],
    [["exec", "pets", "ls", "-l", "--unknown", "/"]],
    [["exec", "-C", ".", "pets", "-C", ".", "--", "ls", "-l"]],
  ])("passes the options of what it runs on: %j", async (words) => {
    const { exitCode, stdout, stderr } = await fireclay(words, {}, project(local))
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: "" })
    // It was understood, and there is no machine yet.
    expect(stderr).toContain('FC_FLEET_UNKNOWN  nothing that runs is called "pets"')
  })

  it("wants something to run", async () => {
    const said = await fireclay(["exec", "--json", "-C", project(local), "pets"])
    expect(said.exitCode).toBe(64)
    expect(document(said)).toMatchObject({ error: { code: "FC_USAGE", remedy: "fireclay exec pets -- uptime" } })
  })
})

const closedPort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === "string") throw new Error("the server has no port")
  return address.port
}
