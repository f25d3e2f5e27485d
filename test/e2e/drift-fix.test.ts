import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openWorkbench } from "../../src/builtin.ts"
import { fixDrift, planFix } from "../../src/core/index.ts"
import { allAtOnce, defineProject, fleet, inPlace, local, spec } from "../../src/index.ts"
import { caught } from "../support/catch.ts"
import { type CliResult, makeProject, type TestProject } from "../support/project.ts"
import { tamperings } from "../tampering/kinds.ts"
import { configOf, volumes } from "../tampering/project.ts"

const patient = 240_000

/** Well as long as nobody is strict, or what it then needs is there. */
const serve = `use IO::Socket::INET;
my $socket = IO::Socket::INET->new(Listen => 9, LocalPort => 8080, ReuseAddr => 1) or die;
while (my $client = $socket->accept) {
  <$client>;
  print $client "HTTP/1.0 ", (!-e "/srv/data/strict" || -e "/etc/needed" ? 200 : 503), " x\\r\\n\\r\\n";
  close $client;
}
`

const rules = `nft add table inet own && nft 'add chain inet own input { type filter hook input priority 0; }'
nft add rule inet own input tcp dport 9998 drop && nft add rule inet own input tcp dport 9999 counter accept`

const config = (content: string, fleet = ""): string =>
  configOf(content, [], {
    resources: `
    command("large", { run: ["sh", "-c", "head -c 100000 /dev/zero >/opt/large"], check: ["test", "-e", "/opt/large"], undo: ["rm", "/opt/large"] }),
    pkg("nftables"),
    command("rules", { run: ["sh", "-c", ${JSON.stringify(rules)}], check: ["nft", "list", "table", "inet", "own"], undo: ["nft", "delete", "table", "inet", "own"] }),
    file("/opt/serve.pl", { content: ${JSON.stringify(serve)} }),`,
    spec: `
  run: { command: ["/usr/bin/perl", "/opt/serve.pl"] }, port: 8080, health: { path: "/", within: "5s" },`,
    fleet,
  })

let project: TestProject

beforeAll(async () => {
  project = await makeProject("drift-fix")
  await project.write("fireclay.config.ts", config("hello"))
  const { exitCode, stderr } = await project.fireclay("apply", "--yes")
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${stderr}`)
}, patient)

afterAll(async () => {
  const { stderr, exitCode } = await project.fireclay("destroy", "--yes", ...volumes)
  await project.dispose()
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
})

/** As root, behind the tool's back. */
const on = async (machine: string, script: string): Promise<string> => {
  const { json } = await project.fireclay("exec", machine, "--", "sh", "-c", script)
  const [{ exitCode, stdout, stderr }] = json.machines
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${stderr}`)
  return stdout
}

const fix = (...words: readonly string[]): Promise<CliResult> =>
  project.fireclay("drift", "pets", "--fix", "--yes", ...words)

const lastTransaction = (machine: string): Promise<string> => on(machine, "ls /var/lib/fireclay/txn")

/** All that both machines have, that was not delivered. */
const look = async (...words: readonly string[]): Promise<readonly string[]> => {
  const { json } = await project.fireclay("drift", "pets", ...words)
  return json.fleets[0].machines.flatMap(
    ({ declared, undeclared }: { readonly declared: readonly Named[]; readonly undeclared: readonly Named[] }) => [
      ...declared.map(({ id }) => id),
      ...undeclared.map(({ change, kind, what }) => `${change} ${kind} ${what}`),
    ],
  )
}

interface Named {
  readonly id: string
  readonly change: string
  readonly kind: string
  readonly what: string
}

/** Until the end: what the program is to be restarted for is drift of its own. */
const drifted = ["file:/etc/motd", "service:fireclay-web.service", "added file /etc/needed"]

describe("drift --fix", () => {
  it("has nothing to do on machines that are as delivered", { timeout: patient }, async () => {
    const before = await lastTransaction("pets-1")
    const { exitCode, json } = await project.fireclay("drift", "pets", "--fix")
    expect({ exitCode, machines: json.fleets[0].machines }).toEqual({ exitCode: 0, machines: undefined })
    expect(await lastTransaction("pets-1")).toBe(before)
  })

  it("is no answer for a fleet by replacement", { timeout: patient }, async () => {
    const { exitCode, stderr } = await project.fireclay("drift", "cattle", "--fix", "--yes")
    expect(exitCode).toBe(64)
    expect(stderr).toContain("fireclay drift cattle --replace")
  })

  describe("after every kind of tampering, with a configuration that has moved on", () => {
    let found: readonly string[] = []
    let fixed: CliResult
    let other = ""
    beforeAll(async () => {
      other = await lastTransaction("pets-2")
      await on("pets-1", tamperings.map(({ script }, index) => `(${script}\n) || exit ${index + 1}`).join("\n"))
      await project.write("fireclay.config.ts", config("another"))
      found = await look()
      fixed = await fix("--allow-irreversible")
    }, patient)

    it("ends well, and leaves nothing", () => {
      const { stderr, exitCode, json } = fixed
      expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" })
      expect(json.fleets[0].machines).toMatchObject([
        { machine: "pets-1", left: [], drift: { declared: [], undeclared: [] } },
      ])
    })

    it.each(tamperings)("took back $what", ({ found: told }) => {
      expect(found).toContain(told)
      const { fixed: names } = fixed.json.fleets[0].machines[0]
      expect(names.some((name: string) => told === name || told.endsWith(` ${name}`))).toBe(true)
    })

    it("finds nothing any more, however closely it looks", { timeout: patient }, async () => {
      expect(await look("--full")).toEqual([])
    })

    it("went back to the release in force, and not to the configuration", { timeout: patient }, async () => {
      expect(await on("pets-1", "cat /etc/motd")).toBe("hello\n")
      const { json } = await project.fireclay("releases", "pets")
      expect(json.fleets[0].releases).toHaveLength(1)
    })

    it("touched no machine that was clean", { timeout: patient }, async () => {
      expect(await lastTransaction("pets-2")).toBe(other)
    })

    it("keeps what it displaced, and nothing else that files had in them", { timeout: patient }, async () => {
      const [{ kept }] = fixed.json.fleets[0].machines
      expect(await on("pets-1", `grep -rl 'NOPASSWD: ALL' ${kept}`)).toMatch(/-link\n$/)
      expect(await on("pets-1", "ls /var/lib/fireclay")).not.toContain("mend")
    })

    it("is told by the machine's history", { timeout: patient }, async () => {
      const { json } = await project.fireclay("history", "pets-1")
      const told = json.history.map(({ what }: { readonly what: string }) => what)
      expect(told.at(-1)).toMatch(/^was put right: .* and \d+ more$/)
    })
  })

  describe("of something that cannot be put back", () => {
    let fixed: CliResult
    let rulesBefore = ""
    beforeAll(async () => {
      rulesBefore = await on("pets-1", "nft -s list ruleset")
      await on("pets-1", "echo more >>/opt/large; echo x >/etc/stray")
      await on("pets-1", "nft flush table inet own; nft add table ip stray; nft add rule inet own input accept")
      const cron = "/srv/data/cron"
      await on("pets-1", `cp /usr/sbin/cron ${cron}; echo >>${cron}; mv ${cron} /usr/sbin/cron; systemctl restart cron`)
      fixed = await fix()
    }, patient)

    it("says what and why, and goes on saying so", { timeout: patient }, async () => {
      expect(fixed.exitCode).toBe(1)
      const why = "no package has it, and no copy of it was kept"
      expect(fixed.json.fleets[0].machines[0].left).toMatchObject([{ finding: { what: "/opt/large" }, why }])
      expect(await look()).toEqual(["changed file /opt/large"])
    })

    it("puts all else right: a firewall's rules in their order, and what runs by a program", () => {
      const { fixed: names } = fixed.json.fleets[0].machines[0]
      expect(names).toEqual(expect.arrayContaining(["/etc/stray", "/usr/sbin/cron", "table ip stray {"]))
    })

    it("leaves rules as they were", { timeout: patient }, async () => {
      expect(await on("pets-1", "nft -s list ruleset")).toBe(rulesBefore)
      await on("pets-1", "head -c 100000 /dev/zero >/opt/large")
      expect(await look()).toEqual([])
    })
  })

  it("refuses what nobody has seen", { timeout: patient }, async () => {
    const by = inPlace({ strategy: allAtOnce() })
    const pets = fleet(spec("web", { resources: [] }), { on: local({ machines: 2 }), by })
    const seen = defineProject({ name: "drift-test", fleets: { pets } })
    const bench = openWorkbench({ project: seen, directory: project.directory })
    const [own] = Object.values(seen.fleets)
    if (own === undefined) throw new Error("no fleet")
    await on("pets-1", "echo x >/etc/stray")
    const plan = await planFix(bench, own)
    await on("pets-1", "echo x >/etc/another")
    expect(await caught(() => fixDrift(bench, own, plan))).toMatchObject({
      code: "FC_PLAN_STALE",
      message: expect.stringContaining("/etc/another"),
    })
    await bench.close()
    expect(await look()).toEqual(["added file /etc/another", "added file /etc/stray"])
    await on("pets-1", "rm /etc/stray /etc/another")
  })

  it("asks before it does what cannot be undone", { timeout: patient }, async () => {
    await on("pets-1", "systemd-run --quiet --unit=stray sleep 600")
    const { exitCode, stderr } = await fix()
    expect({ exitCode, code: /FC_\w+/.exec(stderr)?.[0] }).toEqual({ exitCode: 1, code: "FC_IRREVERSIBLE" })
    expect(await look()).toEqual(["added running unit stray.service"])
    await on("pets-1", "systemctl stop stray")
  })

  it("is undone where the machine is not well without what it took away", { timeout: patient }, async () => {
    await on("pets-1", "echo kept >/etc/needed; chmod 640 /etc/needed; touch /srv/data/strict; echo x >>/etc/motd")
    const before = await look()
    const { exitCode, stderr } = await fix()
    expect({ exitCode, code: /FC_\w+/.exec(stderr)?.[0] }).toEqual({ exitCode: 3, code: "FC_ROLLOUT_REVERTED" })
    expect(await on("pets-1", "stat -c %a /etc/needed; cat /etc/needed; cat /etc/motd")).toBe("640\nkept\nhello\nx\n")
    expect(before).toEqual(drifted)
    expect(await look()).toEqual(before)
    await on("pets-1", "rm /srv/data/strict")
  })
})

describe("drift --answer", () => {
  it("only reports, unless the fleet says otherwise", { timeout: patient }, async () => {
    const { exitCode, json } = await project.fireclay("drift", "pets", "--answer")
    expect({ exitCode, answered: json.answered }).toEqual({
      exitCode: 0,
      answered: [{ fleet: "pets", answer: "report" }],
    })
    expect(await look()).toEqual(drifted)
  })

  it("puts right what a fleet wants to have put right, but for what cannot be undone", {
    timeout: patient,
  }, async () => {
    await project.write("fireclay.config.ts", config("hello", ', onDrift: "fix"'))
    await on("pets-1", "systemd-run --quiet --unit=stray sleep 600")
    const { exitCode, json } = await project.fireclay("drift", "pets", "--answer")
    expect(exitCode).toBe(1)
    expect(json.answered).toMatchObject([
      {
        answer: "fix",
        fixed: {
          machines: [
            {
              fixed: ["file:/etc/motd", "service:fireclay-web.service", "/etc/needed"],
              left: [{ finding: { what: "stray.service" } }],
            },
          ],
        },
      },
    ])
    expect(await look()).toEqual(["added running unit stray.service"])
  })
})
