import { randomBytes } from "node:crypto"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { formsOf } from "../../src/core/redact.ts"
import { place } from "../../src/engines/local/place.ts"
import { run } from "../../src/system/process.ts"
import { makeProject, type TestProject } from "../support/project.ts"

/** Random, and with what systemd and shells take for more than it is. */
const canaries = ["RUN_TOKEN", "JOIN_TOKEN"].map(
  (name) => [name, `${randomBytes(6).toString("hex")} '"$HOME\`%n\\q${randomBytes(6).toString("hex")}`] as const,
)

const serve = `import http.server, json, os
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ)).encode())
    def log_message(self, *_): pass
http.server.HTTPServer(("", 8000), Page).serve_forever()
`

const writeConfig = (more = ""): Promise<void> =>
  project.write(
    "fireclay.config.ts",
    `import { blueGreen, defineProject, fleet, inPlace, local, replace, rolling, secret, spec } from "fireclay"
import { file, user } from "fireclay/resources"
const app = spec("app", {
  resources: [user("app", { system: true }), file("/srv/serve.py", { source: "./serve.py" }), ${more}],
  run: {
    command: ["/usr/bin/python3", "/srv/serve.py"],
    user: "app",
    environment: { PLAIN: "as it is", RUN_TOKEN: secret("RUN_TOKEN") },
  },
  userData: { "node.json": '{ "id": "{{ name }}", "at": "{{ address }}" }', token: secret("JOIN_TOKEN") },
  port: 8000,
  health: { path: "/", within: "20s" },
})
export default defineProject({
  name: "start-test",
  fleets: {
    pets: fleet(app, { on: local({ machines: 1 }), by: inPlace({ strategy: rolling() }) }),
    cattle: fleet(app, { on: local({ count: 2 }), by: replace({ strategy: blueGreen() }) }),
  },
})
`,
  )

let project: TestProject
const said: string[] = []

const fireclay: TestProject["fireclay"] = async (...words) => {
  const result = await project.fireclay(...words)
  said.push(result.stdout, result.stderr)
  return result
}

beforeAll(async () => {
  project = await makeProject("start")
  await project.write("serve.py", serve)
  await writeConfig()
  for (const [name, value] of canaries) process.env[name] = value
})

afterAll(async () => {
  for (const [name] of canaries) delete process.env[name]
  await project.fireclay("destroy", "--yes")
  await project.dispose()
})

interface MemberDocument {
  readonly name: string
  readonly address: string
  readonly release: number
}

const members = async (fleet: string): Promise<readonly MemberDocument[]> =>
  (await fireclay("status", fleet)).json.fleets[0].members

const environmentOf = async ({ address }: MemberDocument): Promise<Record<string, string>> =>
  (await fetch(`http://${address}:8000/`)).json() as Promise<Record<string, string>>

const onEach = async (fleet: string, script: string): Promise<readonly string[]> =>
  (await project.fireclay("exec", fleet, "--", "sh", "-c", script)).json.machines.map(
    ({ stdout }: { readonly stdout: string }) => stdout,
  )

const found = (text: string): readonly string[] =>
  canaries.filter(([, value]) => formsOf(Buffer.from(value)).some((form) => text.includes(form))).map(([name]) => name)

/** Files of the host's disk below a directory that hold a secret; what is mounted there is not on it. */
const filesWithSecrets = async (directory: string): Promise<readonly string[]> => {
  const { stdout } = await run(["find", directory, "-xdev", "-type", "f", "-print0"])
  return stdout
    .toString()
    .split("\0")
    .filter((path) => path !== "" && found(readFileSync(path, "latin1")).length > 0)
}

const commandLines = (): readonly string[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return found(readFileSync(`/proc/${pid}/cmdline`, "latin1"))
      } catch {
        return []
      }
    })

describe("what an instance gets at its start", () => {
  it("reaches the program as variables, in place and by replacement", async () => {
    const applied = await fireclay("apply", "--yes")
    expect(applied.json.error).toBeUndefined()
    for (const fleet of ["pets", "cattle"])
      for (const member of await members(fleet)) {
        const replaced = fleet === "cattle" ? { FIRECLAY_RELEASE: "1" } : {}
        expect(await environmentOf(member)).toMatchObject({
          PLAIN: "as it is",
          RUN_TOKEN: canaries[0]?.[1],
          FIRECLAY_NAME: member.name,
          FIRECLAY_FLEET: fleet,
          FIRECLAY_INDEX: member.name.at(-1),
          FIRECLAY_ADDRESS: member.address,
          ...replaced,
        })
      }
  })

  it("is a file for root only, in memory", async () => {
    for (const fleet of ["pets", "cattle"]) {
      const names = (await members(fleet)).map(({ name, address }) => `{ "id": "${name}", "at": "${address}" }`)
      expect(await onEach(fleet, "cat /run/fireclay/user-data/node.json")).toEqual(names)
      expect(await onEach(fleet, "cat /run/fireclay/user-data/token")).toEqual(names.map(() => canaries[1]?.[1]))
      const modes = "stat -c '%a %U' /run/fireclay/* /run/fireclay/user-data/* | sort -u; stat -fc %T /run/fireclay"
      expect(await onEach(fleet, modes)).toEqual(names.map(() => "600 root\n700 root\ntmpfs\n"))
      expect(await onEach(fleet, "su app -s /bin/sh -c 'ls /run/fireclay' 2>&1 | grep -c denied")).toEqual(
        names.map(() => "1\n"),
      )
    }
  })

  it("is there again when the program, or the machine, is started anew", async () => {
    await onEach("cattle", "pkill -u app python3")
    await onEach("pets-1", "systemctl poweroff --force --force")
    await expect
      .poll(async () => (await fireclay("status", "pets")).json.fleets[0].members[0].running, { timeout: 60_000 })
      .toBe(false)
    expect((await fireclay("apply", "pets", "--yes")).exitCode).toBe(0)
    for (const member of [...(await members("pets")), ...(await members("cattle"))])
      await expect
        .poll(async () => environmentOf(member).catch(() => ({})), { timeout: 60_000 })
        .toMatchObject({ RUN_TOKEN: canaries[0]?.[1], FIRECLAY_NAME: member.name })
    expect(await onEach("pets", "cat /run/fireclay/user-data/token")).toEqual([canaries[1]?.[1]])
  })

  it("is there for those that a rollout back makes, and in no layer, store, record or command line", async () => {
    await project.write("serve.py", `${serve}# two\n`)
    expect((await fireclay("apply", "cattle", "--yes")).exitCode).toBe(0)
    expect((await fireclay("rollback", "cattle", "--yes")).exitCode).toBe(0)
    for (const member of await members("cattle"))
      expect(await environmentOf(member)).toMatchObject({ RUN_TOKEN: canaries[0]?.[1], FIRECLAY_RELEASE: "1" })
    const { home } = place({ project: "start-test", projectDirectory: project.directory })
    const files = [...(await filesWithSecrets(home)), ...(await filesWithSecrets(project.directory))]
    // A machine in place keeps the variables of its run on its disk, for root only.
    expect(files.filter((path) => !path.endsWith("/pets-1/upper/etc/fireclay/app.env"))).toEqual([])
    expect(statSync(join(home, "layers")).isDirectory()).toBe(true)
    expect(commandLines()).toEqual([])
    expect(found(said.join("\n"))).toEqual([])
  })

  it("is refused where it would be part of the image, FC_SECRET_BAKED", async () => {
    await writeConfig(`file("/etc/token", { content: secret("JOIN_TOKEN") })`)
    const { json } = await fireclay("plan", "cattle")
    expect(json.error).toMatchObject({ code: "FC_SECRET_BAKED", at: "specs.app: file:/etc/token" })
  })
})
