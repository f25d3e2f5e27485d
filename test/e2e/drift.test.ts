import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type TestProject } from "../support/project.ts"
import { tamperings } from "../tampering/kinds.ts"
import { configOf, volumes } from "../tampering/project.ts"

const patient = 120_000

let project: TestProject

beforeAll(async () => {
  project = await makeProject("drift")
  await project.write("fireclay.config.ts", configOf("hello"))
  const { exitCode, stderr } = await project.fireclay("apply", "--yes")
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${stderr}`)
}, patient)

afterAll(async () => {
  const { stderr, exitCode } = await project.fireclay("destroy", "--yes", ...volumes)
  await project.dispose()
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
})

/** As root, behind the tool's back. */
const tamper = async (script: string): Promise<void> => {
  const { json } = await project.fireclay("exec", "pets-1", "--", "sh", "-c", script)
  const [{ exitCode, stderr }] = json.machines
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${stderr}`)
}

interface Said {
  readonly declared: readonly string[]
  readonly undeclared: readonly string[]
}

const look = async (machine: string, ...words: readonly string[]): Promise<Said> => {
  const { json, stderr } = await project.fireclay("drift", "pets", ...words)
  const found = json?.fleets[0].machines.find((each: { readonly machine: string }) => each.machine === machine)
  if (found?.since === undefined) throw new Error(`no baseline: ${stderr}`)
  return {
    declared: found.declared.map(({ id }: { readonly id: string }) => id),
    undeclared: found.undeclared.map(
      ({ kind, what, change }: { readonly kind: string; readonly what: string; readonly change: string }) =>
        `${change} ${kind} ${what}`,
    ),
  }
}

const nothing: Said = { declared: [], undeclared: [] }

describe("drift", () => {
  it("finds nothing on machines that were just converged", { timeout: patient }, async () => {
    expect([await look("pets-1"), await look("pets-2")]).toEqual([nothing, nothing])
    expect((await project.fireclay("drift", "--detailed-exitcode")).exitCode).toBe(0)
    expect(await look("pets-2", "--full")).toEqual(nothing)
  })

  it("finds nothing after a life of its own: logs, data, logins, rotation, its timers", {
    timeout: patient,
  }, async () => {
    await tamper(`
      set -e
      echo x >>/var/log/own.log; echo y >/srv/data/upload; touch /etc/hostname /usr/bin/env
      su -s /bin/sh -c true app; su - root -c 'exit 0'
      systemctl start systemd-tmpfiles-clean.service; systemctl start dpkg-db-backup.service || true
      systemd-run --wait --quiet true
      date >/var/cache/own; date >/tmp/own; date >/root/.bash_history
    `)
    expect(await look("pets-1")).toEqual(nothing)
  })

  it("finds nothing after a restart", { timeout: patient }, async () => {
    await tamper("(sleep 0.2; kill -s RTMIN+4 1) >/dev/null 2>&1 &")
    const isRunning = async (): Promise<boolean> =>
      (await project.fireclay("status", "pets")).json.fleets[0].members[0].running
    for (let tries = 0; tries < 50 && (await isRunning()); tries++) await sleep(200)
    await project.fireclay("apply", "--yes")
    expect(await isRunning()).toBe(true)
    expect(await look("pets-1")).toEqual(nothing)
  })

  it("finds by reading every file what no time shows", { timeout: patient }, async () => {
    const sums = "/var/lib/fireclay/baseline/sums"
    await tamper(
      `cp ${sums} /tmp/sums; sed -i 's#^[0-9a-f]*  /etc/debian_version$#'$(printf x | b2sum | cut -c 1-128)'  /etc/debian_version#' ${sums}`,
    )
    expect(await look("pets-1")).toEqual(nothing)
    expect(await look("pets-1", "--full")).toEqual({ declared: [], undeclared: ["changed file /etc/debian_version"] })
    await tamper(`mv /tmp/sums ${sums}`)
  })

  it.each<readonly [string, string, string]>([
    ["a described file", "echo more >>/etc/motd", "file:/etc/motd"],
    ["its mode", "chmod 600 /etc/motd", "file:/etc/motd"],
    ["a described account", "usermod -s /bin/bash app", "user:app"],
  ])("finds %s that was changed", { timeout: patient }, async (_, script, id) => {
    await tamper(script)
    expect(await look("pets-1")).toEqual({ declared: [id], undeclared: [] })
    await project.fireclay("apply", "--yes")
    expect(await look("pets-1")).toEqual(nothing)
  })

  describe("behind its back", () => {
    let found: readonly string[] = []
    beforeAll(async () => {
      await tamper(tamperings.map(({ script }, index) => `(${script}\n) || exit ${index + 1}`).join("\n"))
      const { declared, undeclared } = await look("pets-1")
      found = [...declared, ...undeclared]
    }, patient)

    it.each(tamperings)("finds $what", (tampering) => {
      expect(found).toContain(tampering.found)
    })

    it("finds nothing on the machine beside it", { timeout: patient }, async () => {
      expect(await look("pets-2")).toEqual(nothing)
    })
  })

  it("looks at instances too: what runs, and what came after the start", { timeout: patient }, async () => {
    const lookAtInstance = async () => {
      const { json } = await project.fireclay("drift", "cattle")
      const [{ since, undeclared }] = json.fleets[0].machines
      expect(since).toBeTypeOf("string")
      return undeclared.map(({ kind, what }: { readonly kind: string; readonly what: string }) => `${kind} ${what}`)
    }
    expect(await lookAtInstance()).toEqual([])
    const script = "echo data >/srv/scratch/data; cp /bin/true /srv/scratch/tool; chmod +x /srv/scratch/tool"
    await project.fireclay("exec", "cattle", "--", "sh", "-c", script)
    expect(await lookAtInstance()).toEqual(["program /srv/scratch/tool"])
  })

  it("goes on telling of what nobody asked for when something else is delivered", { timeout: patient }, async () => {
    await tamper("echo x >/etc/stray; touch /usr/local/bin/stray")
    await project.write("fireclay.config.ts", configOf("hello again"))
    expect((await project.fireclay("apply", "--yes")).exitCode).toBe(0)
    const { declared, undeclared } = await look("pets-1")
    expect(declared).toEqual([])
    expect(undeclared).toEqual(expect.arrayContaining(["added file /etc/stray", "added file /usr/local/bin/stray"]))
    expect(await look("pets-2")).toEqual(nothing)
  })

  it("writes what it found into the machine's history, once", { timeout: patient }, async () => {
    await look("pets-1")
    await look("pets-1")
    const { json } = await project.fireclay("history", "pets-1")
    const told = json.history.filter(({ kind }: { readonly kind: string }) => kind === "drift.found")
    expect(told.at(-1).what).toMatch(/^drifted: .* and \d+ more$/)
    expect(new Set(told.map(({ what }: { readonly what: string }) => what)).size).toBeGreaterThan(3)
    expect(told.filter(({ what }: { readonly what: string }) => what === told.at(-1).what)).toHaveLength(1)
  })
})
