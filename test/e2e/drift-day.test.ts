import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type TestProject } from "../support/project.ts"
import { day } from "../tampering/day.ts"

const config = `
import { allAtOnce, debian, defineProject, fleet, inPlace, local, spec } from "fireclay"
import { file, pkg } from "fireclay/resources"

const plain = spec("plain", { base: debian("bookworm"), resources: [file("/etc/motd", { content: "hello\\n" })] })

const packages = ["cron", "faketime", "logrotate", "man-db", "nginx-light", "openssh-server", "rsyslog", "unattended-upgrades"]
const server = spec("server", {
  base: debian("bookworm"),
  resources: [
    ...packages.map((name) => pkg(name)),
    // Whatever the sources have by then, there is nothing to upgrade.
    file("/etc/apt/apt.conf.d/99-nothing", { content: "#clear Unattended-Upgrade::Origins-Pattern;\\n" }),
  ],
})

export default defineProject({
  name: "day-test",
  fleets: {
    plain: fleet(plain, { on: local({ machines: 1 }), by: inPlace({ strategy: allAtOnce() }) }),
    server: fleet(server, { on: local({ machines: 1 }), by: inPlace({ strategy: allAtOnce() }) }),
  },
})
`

let project: TestProject
beforeAll(async () => {
  project = await makeProject("day")
  await project.write("fireclay.config.ts", config)
  await mustApply()
})

afterAll(async () => {
  const { stderr, exitCode } = await project.fireclay("destroy", "--yes")
  await project.dispose()
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
})

const mustApply = async (): Promise<void> => {
  const { exitCode, stderr } = await project.fireclay("apply", "--yes")
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${stderr}`)
}

const on = async (fleet: string, script: string): Promise<string> => {
  const { json } = await project.fireclay("exec", fleet, "--", "bash", "-c", script)
  const [{ exitCode, stdout, stderr }] = json.machines
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${stderr}`)
  return stdout
}

const restart = async (fleet: string): Promise<void> => {
  await on(fleet, "(sleep 0.2; kill -s RTMIN+4 1) >/dev/null 2>&1 &")
  const isRunning = async (): Promise<boolean> =>
    (await project.fireclay("status", fleet)).json.fleets[0].members[0].running
  while (await isRunning()) await sleep(200)
  await mustApply()
}

const drifted = async (fleet: string): Promise<unknown> => {
  const { json } = await project.fireclay("drift", fleet, "--full")
  const [{ declared, undeclared, since }] = json.fleets[0].machines
  expect(since).toBeTypeOf("string")
  return { declared, undeclared }
}

describe("a day in the life of", () => {
  it.each<readonly [string, string, readonly string[]]>([
    ["a plain Debian", "plain", ["apt-daily.service", "dpkg-db-backup.service", "systemd-tmpfiles-clean.service"]],
    [
      "a server",
      "server",
      [
        ...["apt-daily.service", "apt-daily-upgrade.service", "dpkg-db-backup.service", "logrotate.service"],
        ...[
          "man-db.service",
          "systemd-tmpfiles-clean.service",
          "cron.daily",
          "rotated /var/log/syslog",
          "logged in 2 times",
        ],
      ],
    ],
  ])("%s shows nothing", async (_, fleet, ran) => {
    await restart(fleet)
    expect((await on(fleet, day)).split("\n")).toEqual(expect.arrayContaining([...ran]))
    await restart(fleet)
    expect(await drifted(fleet)).toEqual({ declared: [], undeclared: [] })
  })
})
