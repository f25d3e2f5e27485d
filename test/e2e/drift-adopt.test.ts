import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { run } from "../../src/system/process.ts"
import { makeProject, type TestProject } from "../support/project.ts"

const patient = 300_000

const config = `import { allAtOnce, debian, defineProject, fleet, inPlace, local, replace, spec } from "fireclay"
import { directory, file, link, pkg, service, user } from "fireclay/resources"

const web = spec("web", {
  base: debian("bookworm"),
  resources: [
    pkg("cron"),
    directory("/srv/app"), // what it serves
    user("app", { system: true }),
    file("/etc/sourced.conf", { source: "./sourced.conf" }),
    file("/etc/inline.conf", { content: "one\\n", owner: "app" }),
    file("/etc/gone.conf", { content: "gone\\n" }),
    link("/etc/current", { target: "/etc/inline.conf" }),
    service("cron"),
    // the end
  ],
})

export default defineProject({
  name: "adopt-test",
  fleets: {
    pets: fleet(web, { on: local({ machines: 1 }), by: inPlace({ strategy: allAtOnce() }) }),
    /* cattle */
  },
})
`

const declared = `
  echo changed >>/etc/sourced.conf; chmod 600 /etc/sourced.conf
  echo two >/etc/inline.conf; chown root:app /etc/inline.conf
  rm /etc/gone.conf
  ln -sfn /etc/sourced.conf /etc/current
  usermod --shell /bin/sh app
  chmod 700 /srv/app
  systemctl disable --now cron
`

const undeclared = `
  mkdir -p /opt/tool/etc; chmod 750 /opt/tool
  printf '#!/bin/sh\\nexec sleep infinity\\n' >/opt/tool/run; chmod 755 /opt/tool/run
  printf 'a\\0b' >/opt/tool/etc/binary
  ln -s run /opt/tool/start
  groupadd --system crew; useradd --system --shell /bin/sh --groups crew eve
  chown eve:crew /opt/tool/etc/binary
  echo '0 4 * * * eve /opt/tool/run' >/etc/cron.d/tool
  printf '[Service]\\nExecStart=/opt/tool/run\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/tool.service
  systemctl daemon-reload; systemctl enable --now tool
  mkdir -p /tmp/p/DEBIAN /tmp/p/usr/share/probe; echo 1 >/tmp/p/usr/share/probe/version
  printf 'Package: probe\\nVersion: 1\\nArchitecture: all\\nMaintainer: x <x@example.com>\\nDescription: x\\n' >/tmp/p/DEBIAN/control
  dpkg-deb --build /tmp/p /tmp/probe.deb >/dev/null; dpkg -i /tmp/probe.deb
`

const key = "-----BEGIN OPENSSH PRIVATE KEY-----"
const unwanted = `
  echo '${key}' >/etc/tool-identity
  cp /bin/true /opt/tool/root; chmod 4755 /opt/tool/root
`

let project: TestProject

beforeAll(async () => {
  project = await makeProject("adopt")
  await project.write("fireclay.config.ts", config)
  await project.write("sourced.conf", "as it was\n")
  const { exitCode, stderr } = await project.fireclay("apply", "--yes")
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${stderr}`)
}, patient)

afterAll(async () => {
  await project.write("fireclay.config.ts", config)
  const { stderr, exitCode } = await project.fireclay("destroy", "--yes")
  await project.dispose()
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
}, patient)

const tamper = async (script: string): Promise<void> => {
  const { json } = await project.fireclay("exec", "pets-1", "--", "sh", "-ec", script)
  const [{ exitCode, stderr }] = json.machines
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${stderr}`)
}

const text = (file: string): Promise<string> => readFile(join(project.directory, file), "utf8")

/** What drift still tells of the machine. */
const drift = async (): Promise<readonly string[]> => {
  const { json } = await project.fireclay("drift", "pets")
  const [{ declared: changed, undeclared: found, since }] = json.fleets[0].machines
  expect(since).toBeTypeOf("string")
  return [
    ...changed.map(({ id }: { readonly id: string }) => id),
    ...found.map(({ what }: { readonly what: string }) => what),
  ]
}

const planned = async (): Promise<readonly string[]> =>
  (await project.fireclay("plan", "pets")).json.fleets[0].machines[0].differences.map(
    ({ id }: { readonly id: string }) => id,
  )

describe("drift --adopt", () => {
  it("has nothing to do where nothing drifted", { timeout: patient }, async () => {
    const { exitCode, json } = await project.fireclay("drift", "pets", "--adopt", "--yes")
    expect([exitCode, json.adopted, await text("fireclay.config.ts")]).toEqual([0, null, config])
  })

  it("knows the machines of the fleet", { timeout: patient }, async () => {
    const { exitCode, json } = await project.fireclay("drift", "pets", "--adopt", "--on", "pets-9", "--yes")
    expect([exitCode, json.error.code, json.error.remedy]).toEqual([64, "FC_TARGET_UNKNOWN", "one of pets-1"])
  })

  it("asks before it writes anything", { timeout: patient }, async () => {
    await tamper(`${declared}\n${undeclared}\n${unwanted}`)
    const { exitCode, stderr } = await project.fireclay("drift", "pets", "--adopt")
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining("FC_CONFIRM")])
    expect([await text("fireclay.config.ts"), await text("sourced.conf")]).toEqual([config, "as it was\n"])
  })

  it("puts all back where the configuration would not be what the machine is", { timeout: patient }, async () => {
    const bad = config
      .replace(
        "import { directory, file,",
        'const mode = process.argv.includes("plan") ? 0o777 : 0o700\nimport { directory, file,',
      )
      .replace(
        'directory("/srv/app")',
        'directory("/srv/app", { ...{ mode: 0o755 }, ...(mode === 0o777 ? { owner: "app" } : {}) })',
      )
    await project.write("fireclay.config.ts", bad)
    const { exitCode, json } = await project.fireclay("drift", "pets", "--adopt", "--yes")
    expect([exitCode, json.error.code]).toEqual([1, "FC_ADOPT"])
    expect(json.error.details).toContainEqual("directory:/srv/app would be changed on pets-1")
    expect([await text("fireclay.config.ts"), await text("sourced.conf")]).toEqual([bad, "as it was\n"])
    expect((await run(["find", project.directory, "-name", "files"])).stdout.toString()).toBe("")
    await project.write("fireclay.config.ts", config)
  })

  it("writes what changed into the project, and nothing that is a secret", { timeout: patient }, async () => {
    const { exitCode, json } = await project.fireclay("drift", "pets", "--adopt", "--yes")
    expect(json.error).toBeUndefined()
    const { adopted } = json
    expect([adopted.left, adopted.lines, adopted.machine]).toEqual([[], [], "pets-1"])
    expect(adopted.refused.map(({ what }: { readonly what: string }) => what).toSorted()).toEqual([
      "file /etc/tool-identity",
      "setuid program /opt/tool/root",
    ])
    expect(exitCode).toBe(1)
    expect(await text("fireclay.config.ts")).toBe(expected)
    expect(await text("sourced.conf")).toBe("as it was\nchanged\n")
    expect(await text("files/web/opt/tool/etc/binary")).toBe("a\0b")
    const { stdout } = await run(["grep", "--recursive", "--files-with-matches", "--", key, project.directory])
    expect(stdout.toString()).toBe("")
  })

  it("leaves nothing to plan, and after the next apply nothing to tell", { timeout: patient }, async () => {
    expect(await planned()).toEqual([])
    const { exitCode, json } = await project.fireclay("apply", "--yes")
    expect([exitCode, json.fleets[0].release]).toEqual([0, 2])
    expect((await drift()).toSorted()).toEqual(["/etc/tool-identity", "/opt/tool/root"])
    await tamper("rm /etc/tool-identity /opt/tool/root")
    expect(await drift()).toEqual([])
  })

  it("puts what it cannot be sure of into a list of its own, and says which line is missing", {
    timeout: patient,
  }, async () => {
    const computed = expected
      .replace("resources: [", "resources: [...[")
      .replace('service("tool.service"),\n  ]', 'service("tool.service"),\n  ]].slice()')
    await project.write("fireclay.config.ts", computed)
    await tamper("echo y >/etc/more.conf")
    const { exitCode, json } = await project.fireclay("drift", "pets", "--adopt", "--yes")
    expect([exitCode, json.adopted.resources]).toEqual([1, []])
    expect(json.adopted.lines[0]).toBe('import { adopted } from "./adopted/pets.ts"')
    expect(await text("adopted/pets.ts")).toContain('file("/etc/more.conf", { source: "./files/web/etc/more.conf" }),')
    const [line] = json.adopted.lines
    await project.write("fireclay.config.ts", `${line}\n${computed.replace("]].slice()", "], ...adopted].slice()")}`)
    expect(await planned()).toEqual([])
    expect((await project.fireclay("apply", "--yes")).exitCode).toBe(0)
    expect(await drift()).toEqual([])
  })

  it("is told in the machine's history", { timeout: patient }, async () => {
    const { json } = await project.fireclay("history", "pets-1")
    expect(json.history.map(({ what }: { readonly what: string }) => what)).toContainEqual(
      expect.stringMatching(/^drifted, and the configuration says so now: .*file:\/opt\/tool\/run/),
    )
  })
})

const expected = config
  .replace('directory("/srv/app")', 'directory("/srv/app", { mode: 0o700 })')
  .replace("{ system: true }", '{ system: true, shell: "/bin/sh" }')
  .replace('"./sourced.conf" }', '"./sourced.conf", mode: 0o600 }')
  .replace('content: "one\\n", owner: "app" }', 'content: "two\\n", owner: "root", group: "app" }')
  .replace('    file("/etc/gone.conf", { content: "gone\\n" }),\n', "")
  .replace('target: "/etc/inline.conf"', 'target: "/etc/sourced.conf"')
  .replace('service("cron")', 'service("cron", { enabled: false, running: false })')
  .replace(
    "import { directory, file, link, pkg, service, user }",
    "import { directory, file, link, pkg, service, user, group }",
  )
  .replace(
    "    // the end\n",
    `    // the end
    group("crew", { system: true }),
    user("eve", { system: true, groups: ["crew"], home: "/home/eve", shell: "/bin/sh" }),
    pkg("probe"),
    directory("/opt/tool", { mode: 0o750 }),
    directory("/opt/tool/etc"),
    file("/etc/cron.d/tool", { source: "./files/web/etc/cron.d/tool" }),
    file("/etc/systemd/system/tool.service", { source: "./files/web/etc/systemd/system/tool.service" }),
    file("/opt/tool/etc/binary", { source: "./files/web/opt/tool/etc/binary", owner: "eve", group: "crew" }),
    file("/opt/tool/run", { source: "./files/web/opt/tool/run", mode: 0o755 }),
    link("/opt/tool/start", { target: "run" }),
    service("tool.service"),
`,
  )
