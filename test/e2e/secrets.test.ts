import { randomBytes } from "node:crypto"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { Encrypter, generateIdentity, identityToRecipient } from "age-encryption"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { formsOf } from "../../src/core/redact.ts"
import { run } from "../../src/system/process.ts"
import { cli } from "../support/cli.ts"
import { makeProject, type TestProject } from "../support/project.ts"
import { type SshServers, startSshServers } from "../support/ssh-servers.ts"

/** Random, and with what shells, systemd and JSON take for more than it is. */
const canary = (): string => `${randomBytes(6).toString("hex")} '"$HOME\`%n\\q${randomBytes(6).toString("hex")}`

/** One for each source, and so for each position: nothing may hold any of them. */
const canaries = { FILE_TOKEN: canary(), TEMPLATE_TOKEN: canary(), RUN_TOKEN: canary(), CALL_TOKEN: canary() }
const rotated = canary()

let servers: SshServers
let project: TestProject
let watch: ReturnType<typeof watchProcesses>
/** All that Fireclay said, on both outputs. */
const said: string[] = []

beforeAll(async () => {
  servers = await startSshServers(1)
  project = await makeProject("secrets")
  const identity = await generateIdentity()
  const encrypter = new Encrypter()
  encrypter.addRecipient(await identityToRecipient(identity))
  await project.write("age.key", `${identity}\n`)
  const encrypted = await encrypter.encrypt(JSON.stringify({ TEMPLATE_TOKEN: canaries.TEMPLATE_TOKEN }))
  await run(["tee", join(project.directory, "secrets.age")], { input: encrypted })
  await project.write("vault", `${canaries.RUN_TOKEN}\n`)
  await project.write("app.conf", "user = app\ntoken = {{ token }}\n")
  process.env.FILE_TOKEN = canaries.FILE_TOKEN
  process.env.CALL_TOKEN = canaries.CALL_TOKEN
  watch = watchProcesses()
}, 300_000)

afterAll(async () => {
  await watch?.stop()
  delete process.env.FILE_TOKEN
  delete process.env.CALL_TOKEN
  await project?.dispose()
  await servers?.dispose()
})

const writeConfig = (more = ""): Promise<void> =>
  project.write(
    "fireclay.config.ts",
    `import { defineProject, fleet, inPlace, rolling, secret, spec, ssh } from "fireclay"
import { command, file } from "fireclay/resources"

const call = secret("CALL_TOKEN")
const web = spec("web", {
  resources: [
    file("/etc/app/token", { content: secret("FILE_TOKEN"), mode: "0600" }),
    file("/etc/app/app.conf", {
      template: "./app.conf",
      variables: { token: secret("TEMPLATE_TOKEN", { file: "secrets.age", identity: "age.key" }) },
      mode: "0640",
    }),
    command("call", {
      run: ["/bin/sh", "-c", 'printf %s "$CALL_TOKEN" >/srv/called; sleep 0.3'],
      check: ["/usr/bin/test", "-e", "/srv/called"],
      undo: ["/bin/rm", "/srv/called"],
      environment: { CALL_TOKEN: call },
    }),
    ${more}
  ],
  run: {
    command: ["/usr/bin/python3", "-m", "http.server", "--directory", "/srv", "8000"],
    environment: { PLAIN: "as it is", RUN_TOKEN: secret("RUN_TOKEN", { command: ["cat", "vault"] }) },
  },
  port: 8000,
  health: { path: "/", within: "20s" },
})

export default defineProject({
  name: "secrets-test",
  fleets: { web: fleet(web, { on: ssh({ hosts: ${JSON.stringify(servers.hosts)} }), by: inPlace({ strategy: rolling({ batch: 1 }) }) }) },
})
`,
  )

const json = async (...words: readonly string[]) => {
  const result = await project.fireclay(...words)
  said.push(result.stdout, result.stderr)
  return result
}

/** The same for people. */
const people = async (...words: readonly string[]) => {
  const { exitCode, stdout, stderr } = await run([...cli, "--color", "never", ...words], { cwd: project.directory })
  said.push(stdout.toString(), stderr.toString())
  return { exitCode, text: `${stdout}${stderr}` }
}

const onServer = async (script: string, input?: string): Promise<string> =>
  (
    await servers.exec(0, ["sh", "-c", script], input === undefined ? {} : { input: Buffer.from(input) })
  ).stdout.toString()

const allForms = (values: readonly string[]): readonly string[] =>
  values.flatMap((value) => formsOf(Buffer.from(value)))

/** Names of the secrets that stand in some text, in whatever form. */
const found = (text: string): readonly string[] =>
  [...Object.entries(canaries), ["rotated", rotated] as const]
    .filter(([, value]) => allForms([value]).some((form) => text.includes(form)))
    .map(([name]) => name)

const filesWithSecrets = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile() && found(readFileSync(path, "latin1")).length > 0)

/** Command lines of every process here and, for containers are processes too, on the server. */
const watchProcesses = () => {
  const lines = new Set<string>()
  const look = (): void => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
      try {
        lines.add(readFileSync(`/proc/${pid}/cmdline`, "latin1"))
      } catch {
        // It has ended.
      }
  }
  const timer = setInterval(look, 30)
  return { seen: () => [...lines].join("\n"), stop: async () => clearInterval(timer) }
}

/** Files on the server, but for those that are meant to have them and what undoing takes. */
const filesOnServer = async (): Promise<readonly string[]> => {
  const patterns = `${allForms([...Object.values(canaries), rotated]).join("\n")}\n`
  const list = await onServer(
    "cat >/dev/shm/patterns; grep -raslF -f /dev/shm/patterns /etc /var /srv /root /home /tmp /run --exclude-dir=proc; rm /dev/shm/patterns",
    patterns,
  )
  const meant = /^\/(etc\/app\/(token|app\.conf)|etc\/fireclay\/web\.env|srv\/called)$/
  return list.split("\n").filter((path) => path !== "" && !meant.test(path) && !/\/txn\/[^/]+\/before\//.test(path))
}

const expectNoTrace = async (): Promise<void> => {
  expect(said.flatMap(found)).toEqual([])
  expect(found(watch.seen())).toEqual([])
  expect(filesWithSecrets(join(project.directory, ".fireclay"))).toEqual([])
  expect(await filesOnServer()).toEqual([])
  expect(found(await onServer("journalctl -q -o export --no-pager"))).toEqual([])
}

describe("secrets on a server", () => {
  it("are planned by name, for people, as data and as a file", async () => {
    await writeConfig()
    const shown = await people("plan")
    expect(shown.text).toContain("content: ‹secret FILE_TOKEN›")
    expect(shown.text).toContain("content: template with ‹secret TEMPLATE_TOKEN›")
    expect(shown.text).toContain("content: environment with ‹secret RUN_TOKEN›")
    expect((await json("plan", "--out", "saved.plan")).exitCode).toBe(0)
    expect(found(readFileSync(join(project.directory, "saved.plan"), "utf8"))).toEqual([])
  })

  it("reach each place as they are, and no other", async () => {
    const applied = await people("apply", "saved.plan", "--yes")
    expect(applied.text).not.toContain("FC_")
    expect(await onServer("cat /etc/app/token")).toBe(canaries.FILE_TOKEN)
    expect(await onServer("cat /etc/app/app.conf")).toBe(`user = app\ntoken = ${canaries.TEMPLATE_TOKEN}\n`)
    expect(await onServer("cat /srv/called")).toBe(canaries.CALL_TOKEN)
    const environment = await onServer(
      "tr '\\0' '\\n' </proc/$(systemctl show -p MainPID --value fireclay-web)/environ",
    )
    expect(environment.split("\n")).toEqual(
      expect.arrayContaining([`RUN_TOKEN=${canaries.RUN_TOKEN}`, "PLAIN=as it is"]),
    )
    expect(await onServer("stat -c '%a %U' /etc/app/token /etc/app/app.conf /etc/fireclay/web.env")).toBe(
      "600 root\n640 root\n600 root\n",
    )
    // The watch saw what it was there for.
    expect(watch.seen()).toContain("library.sh")
    expect(watch.seen()).toContain("/srv/called")
    await expectNoTrace()
  })

  it("change nothing the second time", async () => {
    expect((await json("plan", "--detailed-exitcode")).exitCode).toBe(0)
    expect((await json("apply")).json.fleets[0]).toMatchObject({ release: 1, moves: 0 })
  })

  it("are not needed to look at a fleet", async () => {
    delete process.env.FILE_TOKEN
    expect((await json("status")).json.fleets[0].members[0]).toMatchObject({ release: 1, healthy: true })
    expect((await json("releases")).exitCode).toBe(0)
    const plan = await json("plan")
    expect([plan.exitCode, plan.json.error.code]).toEqual([1, "FC_SECRET_MISSING"])
  })

  it("are printed by a step that fails, and nowhere said", async () => {
    process.env.FILE_TOKEN = canaries.FILE_TOKEN
    await writeConfig(`command("echo", {
      run: ["/bin/sh", "-c", 'echo "call $CALL_TOKEN"; cat /etc/app/token; echo; base64 -w0 /etc/app/token; exit 3'],
      check: ["/bin/false"],
      environment: { CALL_TOKEN: call },
      undo: ["/bin/true"],
    }),`)
    const failed = await json("apply", "--yes")
    expect([failed.exitCode, failed.json.error.code]).toEqual([3, "FC_ROLLOUT_REVERTED"])
    expect(failed.json.error.details).toEqual(
      expect.arrayContaining(["call ‹secret CALL_TOKEN›", "‹secret FILE_TOKEN›"]),
    )
    expect((await people("apply", "--yes")).exitCode).toBe(3)
    await expectNoTrace()
  })

  it("are renewed without a new release, on purpose", async () => {
    await writeConfig()
    process.env.FILE_TOKEN = rotated
    const plan = await json("plan")
    expect(plan.json.fleets[0]).toMatchObject({ from: 1, to: 1 })
    const [token] = plan.json.fleets[0].machines[0].differences
    expect(token).toMatchObject({
      id: "file:/etc/app/token",
      cause: "intent",
      changes: [{ property: "content", from: "not shown", to: "‹secret FILE_TOKEN›" }],
    })
    expect((await people("apply", "--yes")).exitCode).toBe(0)
    expect(await onServer("cat /etc/app/token")).toBe(rotated)
    await expectNoTrace()
  })

  it("are what they are now when an earlier release comes back", async () => {
    await writeConfig(`file("/etc/app/more", { content: "more" }),`)
    expect((await json("apply", "--yes")).exitCode).toBe(0)
    expect((await people("rollback", "web", "--yes")).exitCode).toBe(0)
    expect(await onServer("cat /etc/app/token; test ! -e /etc/app/more && echo gone")).toBe(`${rotated}gone\n`)
    await expectNoTrace()
  })

  it("stay unsaid when a program writes them into its own log", async () => {
    await writeConfig(`file("/etc/systemd/system/fireclay-web.service.d/loud.conf", {
      content: "[Service]\\nExecStart=\\nExecStart=/bin/sh -c 'echo token $RUN_TOKEN; exit 1'\\n",
    }),`)
    const failed = await json("apply", "--yes")
    expect(failed.exitCode).toBe(3)
    expect(said.flatMap(found)).toEqual([])
    expect(filesWithSecrets(join(project.directory, ".fireclay"))).toEqual([])
  })
})
