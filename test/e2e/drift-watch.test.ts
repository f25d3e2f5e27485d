import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { instanceId, place } from "../../src/engines/local/place.ts"
import { carriersOf, leaderOf } from "../../src/engines/local/processes.ts"
import { run } from "../../src/system/process.ts"
import { makeProject, type RunningCli, type TestProject } from "../support/project.ts"

const config = `
import { allAtOnce, debian, defineProject, fleet, inPlace, local, replace, spec } from "fireclay"
import { file } from "fireclay/resources"

const web = spec("web", { base: debian("bookworm"), resources: [file("/etc/motd", { content: "hello\\n" })] })

const app = spec("app", {
  base: debian("bookworm"),
  resources: [file("/srv/app/run", { content: "#!/bin/sh\\nexec sleep infinity\\n", mode: 0o755 })],
  run: { command: ["/srv/app/run"], writable: ["/srv/scratch"] },
  drift: { ignore: [{ path: "/srv/scratch/allowed/**", reason: "plug-ins" }] },
})

export default defineProject({
  name: "watch-test",
  fleets: {
    pets: fleet(web, { on: local({ machines: 1 }), by: inPlace({ strategy: allAtOnce() }) }),
    cattle: fleet(app, { on: local({ count: 1 }), by: replace({ strategy: allAtOnce() }) }),
    mended: fleet(web, { on: local({ machines: 1 }), by: inPlace({ strategy: allAtOnce() }), onDrift: "fix" }),
    guarded: fleet(app, { on: local({ count: 1 }), by: replace({ strategy: allAtOnce() }), onDrift: "replace" }),
  },
})
`

let project: TestProject
const running: RunningCli[] = []

beforeAll(async () => {
  project = await makeProject("watch")
  await project.write("fireclay.config.ts", config)
  const { exitCode, stderr } = await project.fireclay("apply", "--yes")
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${stderr}`)
})

afterAll(async () => {
  for (const each of running) each.kill()
  const { stderr, exitCode } = await project.fireclay("destroy", "--yes")
  await project.dispose()
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
})

const newsIn = (said: string): readonly string[] =>
  said
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => JSON.parse(line))
    .map(({ machine, news, finding, difference }) =>
      [machine, news, finding && `${finding.kind} ${finding.what}`, difference?.id]
        .filter((word) => word !== undefined)
        .join(" "),
    )

const watching = (...words: readonly string[]): RunningCli => {
  const cli = project.begin("drift", ...words)
  running.push(cli)
  return cli
}

/** Waits for it to be told. */
const until = async (cli: RunningCli, news: string): Promise<void> => {
  while (!newsIn(cli.said()).includes(news)) {
    const ended = await Promise.race([cli.ended, sleep(50)])
    if (ended !== undefined) throw new Error(`ended with ${ended.exitCode}: ${ended.stderr}`)
  }
}

const onMachine = async (fleet: string, script: string): Promise<void> => {
  const { json, stderr } = await project.fireclay("exec", fleet, "--", "sh", "-c", script)
  if (json.machines.some(({ exitCode }: { readonly exitCode: number }) => exitCode !== 0)) throw new Error(stderr)
}

describe("drift --watch", () => {
  it("tells what is new and what is gone, and ends by Ctrl-C", async () => {
    const cli = watching("pets", "--watch", "--interval", "1s")
    await onMachine("pets", "echo x >/etc/stray; chmod 600 /etc/motd")
    await until(cli, "pets-1 new file /etc/stray")
    await until(cli, "pets-1 new file:/etc/motd")
    await onMachine("pets", "rm /etc/stray; chmod 644 /etc/motd")
    await until(cli, "pets-1 gone file /etc/stray")
    await until(cli, "pets-1 gone file:/etc/motd")
    await onMachine("pets", "(sleep 0.2; kill -s RTMIN+4 1) >/dev/null 2>&1 &")
    await until(cli, "pets-1 away")
    await project.fireclay("apply", "--yes")
    await until(cli, "pets-1 back")
    cli.interrupt()
    expect((await cli.ended).exitCode).toBe(130)
    const told = newsIn(cli.said())
    for (const once of ["pets-1 new file /etc/stray", "pets-1 back"])
      expect(told.filter((news) => news === once)).toHaveLength(1)
  })

  it("tells at once who comes into an instance, and what programs come to it", async () => {
    const cli = watching("cattle", "--watch", "--interval", "24h")
    // Until one of them is seen the watch has not begun: those before it are told by the first look.
    for (let count = 1; !newsIn(cli.said()).some((news) => news.includes(" seen program ")); count++)
      await onMachine("cattle", `cp /bin/true /srv/scratch/early${count}`)
    const id = instanceId(place({ project: "watch-test", projectDirectory: project.directory }), "cattle-r1-1")
    const [carrier] = await carriersOf((machine) => machine === id)
    const leader = await leaderOf(carrier?.pid ?? 0)
    const enter = `nsenter --target ${leader} --all -- sh -c 'cp /bin/true /srv/scratch/tool; cp /bin/true /tmp/other; mkdir /srv/scratch/allowed; cp /bin/true /srv/scratch/allowed/plugin; sleep 2; true'`
    expect((await run(["script", "-qc", enter, "/dev/null"])).exitCode).toBe(0)
    await until(cli, "cattle-r1-1 seen program /srv/scratch/tool")
    await until(cli, "cattle-r1-1 seen program /tmp/other")
    const told = newsIn(cli.said())
    expect(told).toContainEqual(expect.stringMatching(/^cattle-r1-1 seen login session root on pts\/\d+$/))
    expect(told).not.toContainEqual(expect.stringContaining("plugin"))
    cli.interrupt()
    expect((await cli.ended).exitCode).toBe(130)
    const { json } = await project.fireclay("history", "cattle-r1-1")
    const what = json.history.map((event: { readonly what: string }) => event.what)
    expect(what).toContain("was seen: program /srv/scratch/tool")
  })

  it("does what the fleet says about drift", async () => {
    const cli = watching("mended", "guarded", "--watch", "--interval", "1s")
    await onMachine("mended", "echo x >/etc/stray")
    await until(cli, "mended-1 new file /etc/stray")
    await until(cli, "mended answered")
    await until(cli, "mended-1 gone file /etc/stray")
    // Not both at once: what comes while the first is being put right is put right with it, and was never news.
    await onMachine("mended", "chmod 600 /etc/motd")
    await until(cli, "mended-1 new file:/etc/motd")
    await until(cli, "mended-1 gone file:/etc/motd")
    await onMachine("guarded", "cp /bin/true /srv/scratch/tool")
    await until(cli, "guarded answered")
    await until(cli, "guarded-r1-1 gone program /srv/scratch/tool")
    cli.interrupt()
    expect((await cli.ended).exitCode).toBe(130)
    expect((await project.fireclay("drift", "mended", "guarded", "--detailed-exitcode")).exitCode).toBe(0)
  })

  it("refuses an interval that is none", async () => {
    const { exitCode, json } = await project.fireclay("drift", "--watch", "--interval", "soon")
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 64, code: "FC_USAGE" })
  })
})

describe("drift on an instance", () => {
  const look = async (): Promise<readonly string[]> => {
    const { json } = await project.fireclay("drift", "cattle")
    return json.fleets[0].machines[0].undeclared.map(
      ({ kind, what }: { readonly kind: string; readonly what: string }) => `${kind} ${what}`,
    )
  }

  it("shows who is in", async () => {
    await onMachine(
      "cattle",
      "setsid script -qc 'exec tail -f /dev/null' /dev/null >/dev/null 2>&1 </dev/null & sleep 0.5",
    )
    expect(await look()).toContainEqual(expect.stringMatching(/^login session root on pts\/\d+$/))
    await onMachine("cattle", "kill $(pidof tail)")
  })

  it("shows that its root can be written to", async () => {
    await onMachine("cattle", "mount -o remount,bind,rw /")
    expect(await look()).toContain("mount /")
    await onMachine("cattle", "mount -o remount,bind,ro /")
    expect(await look()).not.toContain("mount /")
  })
})
