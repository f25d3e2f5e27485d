import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openBrowser, openPage } from "../support/browser.ts"
import { type CliResult, makeProject, type TestProject } from "../support/project.ts"
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

/** A comparison knows nothing of resources. */
const tellOfComparison: { readonly [found: string]: string } = {
  "file:/etc/motd": "file /etc/motd",
  "file:/etc/web.conf": "file /etc/web.conf",
  "user:app": "account app",
  "service:cron.service": "running unit cron.service",
}

/** What each machine has for itself, capabilities, and names with control characters. */
const notCompared: readonly string[] = [
  "program /usr/bin/id",
  "boot setting /etc/fstab",
  "odd name /opt/a\nb",
  "host key /etc/ssh/ssh_host_ed25519_key",
  "network setting /etc/hosts",
]

describe("drift", () => {
  it("finds nothing on machines that were just converged", { timeout: patient }, async () => {
    expect([await look("pets-1"), await look("pets-2")]).toEqual([nothing, nothing])
    expect((await project.fireclay("drift", "--detailed-exitcode")).exitCode).toBe(0)
    expect(await look("pets-2", "--full")).toEqual(nothing)
  })

  it("finds machines alike that were just converged or started", { timeout: patient }, async () => {
    const { json, exitCode } = await project.fireclay("drift", "--compare-machines", "--detailed-exitcode")
    expect(json.fleets.map(({ unlike }: { readonly unlike: unknown }) => unlike)).toEqual([[], []])
    expect({ exitCode, compared: json.fleets[0].compared > 10_000 }).toEqual({ exitCode: 0, compared: true })
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

  it("leaves out what a rule ignores, says how much that is, and counts what a rule watches", {
    timeout: patient,
  }, async () => {
    const plugins = "/srv/data/plugins"
    await tamper(
      `mkdir /etc/provider ${plugins}; echo x >/etc/provider/a; echo x >/etc/provider/b; echo x >${plugins}/p`,
    )
    expect(await look("pets-1")).toEqual({
      declared: [],
      undeclared: ["added directory /etc/provider", `added file ${plugins}/p`],
    })
    const { machines, expired } = (await project.fireclay("drift", "pets")).json.fleets[0]
    expect(machines[0].ignored).toMatchObject([
      {
        rule: { reason: "the provider's agent" },
        findings: [{ what: "/etc/provider/a" }, { what: "/etc/provider/b" }],
      },
    ])
    expect(expired).toMatchObject([{ reason: "it was" }])
    await tamper(`rm -r /etc/provider ${plugins}`)
  })

  it("goes on telling of accounts and ports when packages are delivered, and when that is taken back", {
    timeout: patient,
  }, async () => {
    await tamper(
      "useradd early; systemd-run --unit=early perl -MIO::Socket::INET -e 'push @s, IO::Socket::INET->new(Listen => 1, LocalPort => 4455); sleep 600' && sleep 1 && systemctl is-active early",
    )
    const early = ["added account early", "added port tcp 0.0.0.0:4455"]
    await project.write("fireclay.config.ts", configOf("hello", ["tree"]))
    expect((await project.fireclay("apply", "--yes")).exitCode).toBe(0)
    const { undeclared } = await look("pets-1")
    expect(undeclared).toEqual(expect.arrayContaining(early))
    expect(undeclared).not.toEqual(expect.arrayContaining([expect.stringContaining("package tree")]))
    expect((await project.fireclay("rollback", "pets", "--yes")).exitCode).toBe(0)
    expect((await look("pets-1")).undeclared).toEqual(expect.arrayContaining(early))
    await tamper("userdel early; systemctl stop early")
    await project.write("fireclay.config.ts", configOf("hello"))
    expect([await look("pets-1"), await look("pets-2")]).toEqual([nothing, nothing])
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

    it("holds it against the machine beside it, without any baseline", { timeout: patient }, async () => {
      const { json, exitCode } = await project.fireclay("drift", "pets", "--compare-machines", "--detailed-exitcode")
      const [{ machines, unlike, problems }] = json.fleets
      expect({ exitCode, machines, problems }).toEqual({ exitCode: 2, machines: ["pets-1", "pets-2"], problems: [] })
      const told = new Set(
        unlike.map(({ kind, what }: { readonly kind: string; readonly what: string }) => `${kind} ${what}`),
      )
      const wanted = tamperings.map(
        ({ found: as }) => tellOfComparison[as] ?? as.replace(/^(added|changed|removed) /, ""),
      )
      expect(wanted.filter((each) => !told.has(each))).toEqual(notCompared)
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

describe("audit report", () => {
  const hostile = "<img src=x onerror=alert(1)>"
  let made: CliResult
  beforeAll(async () => {
    await tamper(
      `echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJNYbjaBROKhnj2gXRwRD7RV6QsfF/Rq8AfQs27KKeJ8 ${hostile}' >/root/.ssh/authorized_keys`,
    )
    made = await project.fireclay("audit", "report", "-o", "audit.html")
  }, patient)

  it("says in JSON what there is, what was found and what became of it", () => {
    const { exitCode, json } = made
    expect(exitCode).toBe(0)
    const [pets, cattle] = json.fleets
    expect(pets.releases.map(({ inForce }: { readonly inForce?: object }) => inForce !== undefined)).toEqual([
      false,
      false,
      true,
    ])
    const became = (what: string): readonly string[] =>
      pets.drift
        .filter((life: { readonly machine: string; readonly what: string }) => `${life.machine} ${life.what}` === what)
        .map((life: { readonly became: string }) => life.became)
    expect(became("pets-1 file:/etc/motd")).toContain("delivered")
    expect(became("pets-1 file /etc/stray")).toEqual(["still there"])
    const { inventory } = pets.machines[0]
    expect(inventory.accounts).toContainEqual(expect.objectContaining({ name: "toor", uid: 0, login: true }))
    expect(inventory.sudo).toContainEqual({ file: "/etc/sudoers.d/x", rule: "app ALL=(ALL) NOPASSWD: ALL" })
    expect(inventory.ports).toContainEqual({ protocol: "tcp", address: "0.0.0.0:4444", program: "perl" })
    expect(cattle.drift).toContainEqual(expect.objectContaining({ what: "program /srv/scratch/tool" }))
    expect(json.log).toMatchObject({ faults: [], anchor: expect.stringMatching(/:[0-9a-f]{64}$/) })
  })

  it("is a page that needs nothing else, dark and light, on paper and on a phone", { timeout: patient }, async () => {
    const url = `file://${project.directory}/audit.html`
    const browser = await openBrowser()
    try {
      const light = await openPage(browser, url, { scheme: "light" })
      const { page } = light
      expect(await page.getByRole("heading", { level: 1 }).allTextContents()).toEqual(["Audit of drift-test"])
      expect(await page.getByRole("heading", { level: 2 }).allTextContents()).toEqual([
        "The log",
        "Fleet pets",
        "Fleet cattle",
      ])
      for (const landmark of ["banner", "main", "navigation"] as const)
        expect(await page.getByRole(landmark).count()).toBe(1)
      const keys = page.getByRole("table", { name: "Keys of pets-1" })
      expect(await keys.getByRole("row").last().textContent()).toContain(hostile)
      expect(await keys.getByRole("row").last().textContent()).toMatch(/SHA256:[A-Za-z0-9+/]{43}/)
      expect(await page.locator("img, script, iframe, object, link[rel=stylesheet]").count()).toBe(0)
      const ground = ({ page: shown }: typeof light) =>
        shown.evaluate("getComputedStyle(document.body).backgroundColor")
      const dark = await openPage(browser, url, { scheme: "dark", width: 360 })
      expect(await ground(dark)).not.toBe(await ground(light))
      expect(await dark.page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360)
      for (const { complaints, asked } of [light, dark])
        expect({ complaints, asked }).toEqual({ complaints: [], asked: [] })
      expect((await page.pdf()).subarray(0, 5).toString()).toBe("%PDF-")
    } finally {
      await browser.close()
    }
  })
})
