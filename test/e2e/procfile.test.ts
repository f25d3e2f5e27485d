import { chmod, mkdir } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type TestProject } from "../support/project.ts"

const config = `import { blueGreen, defineProject, fleet, inPlace, local, procfile, replace, rolling, spec } from "fireclay"
import { user } from "fireclay/resources"
const shop = spec("shop", {
  resources: [user("app", { system: true })],
  ...procfile("./app", { to: "/srv/app", port: 5000, user: "app", environment: { GREETING: 'it is "$5"' } }),
  health: { path: "/", within: "20s" },
  volumes: { data: { path: "/srv/data", access: "shared" } },
})
export default defineProject({
  name: "procfile-test",
  fleets: {
    pets: fleet(shop, { on: local({ machines: 2 }), by: inPlace({ strategy: rolling() }), listen: 18_474 }),
    cattle: fleet(shop, { on: local({ count: 2 }), by: replace({ strategy: blueGreen() }), listen: 18_475 }),
  },
})
`

const procfileOf = (migrate: string): string => `# the shop
web: cd /srv/app && exec python3 -m http.server "$PORT"
worker: while :; do printf '%s|' "$GREETING" 100% >/tmp/said; sleep 1; done
release: ${migrate}
`

let project: TestProject

beforeAll(async () => {
  project = await makeProject("procfile")
  await mkdir(join(project.directory, "app"))
  await project.write("fireclay.config.ts", config)
  await project.write("app/index.html", "one\n")
  await project.write("app/migrate", "#!/bin/sh\necho migrated $FIRECLAY_NAME $1\n")
  await chmod(join(project.directory, "app/migrate"), 0o755)
  await project.write("app/Procfile", procfileOf("./migrate first"))
})

afterAll(async () => {
  await project.fireclay("destroy", "--yes", "--delete-volumes", "pets/data", "--delete-volumes", "cattle/data")
  await project.dispose()
})

const onEach = async (fleet: string, script: string): Promise<readonly string[]> =>
  (await project.fireclay("exec", fleet, "--", "sh", "-c", script)).json.machines.map(
    ({ stdout }: { readonly stdout: string }) => stdout,
  )

const answer = async (port: number): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text()

describe.each([
  ["pets", 18_474],
  ["cattle", 18_475],
] as const)("a source directory with a Procfile, %s", (fleet, port) => {
  it("serves with its web line, works with its worker line, and has run its release line once", async () => {
    await project.write("app/Procfile", procfileOf("./migrate first"))
    await project.write("app/index.html", "one\n")
    const applied = await project.fireclay("apply", fleet, "--yes")
    expect(applied.json.error).toBeUndefined()
    expect(await answer(port)).toBe("one\n")
    const states = "systemctl is-active fireclay-shop fireclay-shop-worker; systemctl is-enabled fireclay-shop-release"
    expect(await onEach(fleet, states)).toEqual(Array(2).fill("active\nactive\nstatic\n"))
    await expect
      .poll(() => onEach(fleet, "cat /tmp/systemd-private-*-fireclay-shop-worker.service-*/tmp/said"), {
        timeout: 20_000,
      })
      .toEqual(Array(2).fill('it is "$5"|100%|'))
    const said = (await onEach(fleet, "journalctl -q -o cat -u fireclay-shop-release | grep migrated; exit 0")).join("")
    expect(said).toMatch(new RegExp(`^migrated ${fleet}-\\S+ first\\n$`))
  })

  it("leads back when its release line fails, and no instance of it takes a request", async () => {
    await project.write("app/index.html", "two\n")
    await project.write("app/Procfile", procfileOf("echo no such table >&2; exit 3"))
    const applied = await project.fireclay("apply", fleet, "--yes")
    expect(applied.exitCode).toBe(3)
    expect(applied.json.error).toMatchObject({ code: "FC_ROLLOUT_REVERTED", because: ["FC_RELEASE_TASK"] })
    expect(JSON.stringify(applied.json.error)).toContain("no such table")
    expect(await answer(port)).toBe("one\n")
    const { members } = (await project.fireclay("status", fleet)).json.fleets[0]
    expect(members.map(({ release, traffic }: { release: number; traffic: string }) => [release, traffic])).toEqual([
      [1, "ready"],
      [1, "ready"],
    ])
  })

  it("goes on when it is mended", async () => {
    await project.write("app/Procfile", procfileOf("./migrate again"))
    expect((await project.fireclay("apply", fleet, "--yes")).exitCode).toBe(0)
    expect(await answer(port)).toBe("two\n")
  })
})

describe("a Procfile that cannot be read", () => {
  it("is told when the configuration is loaded, FC_PROCFILE", async () => {
    await project.write("app/Procfile", "web serve\n")
    const { json } = await project.fireclay("plan")
    expect(json.error).toMatchObject({ code: "FC_PROCFILE", at: "./app/Procfile:1" })
    await project.write("app/Procfile", procfileOf("./migrate again"))
  })
})
