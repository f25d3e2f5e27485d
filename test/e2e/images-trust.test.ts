import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type TestProject } from "../support/project.ts"

const patient = 300_000

/** A fleet by replacement with these resources, and one in place that is given a secret. */
const configOf = (
  resources: string,
): string => `import { allAtOnce, defineProject, fleet, inPlace, local, replace, secret, spec } from "fireclay"
import { command, file, user } from "fireclay/resources"

const web = spec("web", { resources: [${resources}] })
const pets = spec("pets", { resources: [file("/etc/token", { content: secret("WEB_TOKEN"), mode: "0600" })] })

export default defineProject({
  name: "trust-test",
  fleets: {
    web: fleet(web, { on: local({ count: 1 }), by: replace({ strategy: allAtOnce() }) }),
    pets: fleet(pets, { on: local({ machines: 1 }), by: inPlace({ strategy: allAtOnce() }) }),
  },
})
`

const command = (name: string, line: string): string =>
  `command("${name}", { run: ["sh", "-c", ${JSON.stringify(line)}], check: ["false"] })`

const token = `t0ken-${randomBytes(9).toString("hex")}+/`

let project: TestProject

beforeAll(async () => {
  project = await makeProject("trust")
  process.env.WEB_TOKEN = token
})

afterAll(async () => {
  delete process.env.WEB_TOKEN
  await project.fireclay("destroy", "--yes")
  await project.dispose()
})

describe("build --check", () => {
  const steady = `user("app", { system: true }), file("/etc/steady", { content: "x" })`

  it("passes what comes out the same twice", { timeout: patient }, async () => {
    await project.write(
      "fireclay.config.ts",
      configOf(`${steady}, ${command("copy", "cp /etc/debian_version /etc/copied")}`),
    )
    const { exitCode, json } = await project.fireclay("build", "web", "--check")
    expect([exitCode, json.images[0].reproducible]).toEqual([0, true])
    expect((await project.fireclay("build", "web")).json.images[0].image).toBe(json.images[0].image)
  })

  it("is refused beside what would keep something of it", async () => {
    const { exitCode, stderr } = await project.fireclay(
      "build",
      "web",
      "--check",
      "--update",
      "--push",
      "localhost:1/a/b:1",
    )
    expect(exitCode).toBe(64)
    expect(stderr).toContain("--check only compares: it does nothing about --update, --push")
  })

  it("names each path that does not, and the resource that makes it", { timeout: patient }, async () => {
    const day = command("day", "date +%F >/etc/day")
    const built = command(
      "built",
      "date >/etc/built; chmod 600 /etc/built; mkdir -p /srv/x; touch /srv/x/$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')",
    )
    await project.write(
      "fireclay.config.ts",
      configOf([steady, day, built, command("after", "echo >/etc/after")].join(", ")),
    )
    const { exitCode, json, stderr } = await project.fireclay("build", "web", "--check")
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 })
    const [{ reproducible, differences }] = json.images
    expect(reproducible).toBe(false)
    const named = differences.map(({ what, property, resource }: Record<string, string>) => [what, property, resource])
    expect(named.filter(([what]: readonly string[]) => what?.startsWith("/etc/"))).toEqual([
      ["/etc/built", "content", "command:built"],
      ["/etc/day", "content", "command:day"],
    ])
    expect(named.slice(2).map(([what, ...rest]: readonly string[]) => [what?.slice(0, 7), ...rest])).toEqual([
      ["/srv/x/", "there", "command:built"],
      ["/srv/x/", "there", "command:built"],
    ])
  })
})

describe("a secret that gets into an image by mistake", () => {
  const base64 = Buffer.from(`Bearer ${token}`).toString("base64")

  it.each([
    ["in a source", `file("/etc/app.conf", { source: "./app.conf" })`, "/etc/app.conf"],
    [
      "written by a command, in base64",
      command("write", `mkdir -p /srv/a; echo ${base64} >/srv/a/header`),
      "/srv/a/header",
    ],
  ])(
    "%s, fails the build, which names path and secret and keeps nothing",
    { timeout: patient },
    async (_, resource, path) => {
      await project.write("app.conf", `token = ${token}\n`)
      await project.write("fireclay.config.ts", configOf(resource))
      const before = (await project.fireclay("images", "--all")).json.images
      const { exitCode, json, stdout, stderr } = await project.fireclay("build", "web")
      expect([exitCode, json.error.code]).toEqual([64, "FC_SECRET_BAKED"])
      expect(json.error.details).toEqual([`${path} holds ‹secret WEB_TOKEN›`])
      expect(stdout + stderr).not.toContain(token)
      expect((await project.fireclay("images", "--all")).json.images).toEqual(before)
    },
  )

  it("is looked for in what was baked before, once it has become one", { timeout: patient }, async () => {
    await project.write("fireclay.config.ts", configOf(command("early", "echo a-later-secret >/etc/early")))
    expect((await project.fireclay("build", "web")).exitCode).toBe(0)
    process.env.WEB_TOKEN = "a-later-secret"
    const { json } = await project.fireclay("build", "web")
    process.env.WEB_TOKEN = token
    expect(json.error.code).toBe("FC_SECRET_BAKED")
  })
})
