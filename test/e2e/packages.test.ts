import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type CliResult, makeProject, type TestProject } from "../support/project.ts"
import { difference, snapshotScript } from "../support/snapshot.ts"

let project: TestProject

const config = (resources: string, policy = ""): string => `
import { defineProject, fleet, inPlace, local, rolling, spec } from "fireclay"
import { command, file, pkg } from "fireclay/resources"
const app = spec("app", { resources: [file("/etc/motd", { content: "here\\n" }), ${resources}] })
export default defineProject({
  name: "packages",
  fleets: { web: fleet(app, { on: local({ machines: 1 }), by: inPlace({ strategy: rolling() ${policy} }) }) },
})
`

const write = (resources: string, policy?: string): Promise<void> =>
  project.write("fireclay.config.ts", config(resources, policy))

const apply = async (resources: string, ...words: readonly string[]): Promise<CliResult> => {
  await write(resources)
  return project.fireclay("apply", "--yes", ...words)
}

const onMachine = async (script: string): Promise<string> =>
  (await project.fireclay("exec", "web-1", "--", "sh", "-c", script)).json.machines[0].stdout

const unit = (version: string): string => `[Service]
ExecStart=/bin/sh -c 'echo ${version} >/run/t-service; exec sleep 1000000'
[Install]
WantedBy=multi-user.target`

/** Makes packages on the machine, in a source of its own: a service in two versions, one that it needs, one that is big. */
const makeSource = `
set -e
pack() {
  mkdir -p $1/DEBIAN && printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: T <t@example.org>\\nDescription: made by a test\\n%s' "$2" "$3" "$4" >$1/DEBIAN/control
  dpkg-deb -Znone --root-owner-group --build $1 /srv/packages >/dev/null
}
cat >/srv/index.sh <<'end'
  cd /srv/packages && : >Packages
  for deb in *.deb; do { dpkg-deb -f $deb; echo "Filename: ./$deb"; echo "Size: $(stat -c %s $deb)"; echo "SHA256: $(sha256sum $deb | cut -d' ' -f1)"; echo; } >>Packages; done
  apt-get -q update >/dev/null
end
rm -rf /tmp/make /srv/packages && mkdir -p /srv/packages && cd /tmp
pack /tmp/make/library t-library 1.0 ''
for version in 1.0 2.0; do
  root=/tmp/make/$version
  mkdir -p $root/lib/systemd/system $root/DEBIAN $root/etc
  case $version in 1.0) printf '%s\\n' "$UNIT1" >$root/lib/systemd/system/t-service.service ;; *) printf '%s\\n' "$UNIT2" >$root/lib/systemd/system/t-service.service ;; esac
  echo $version >$root/etc/t-service.conf && echo /etc/t-service.conf >$root/DEBIAN/conffiles
  printf '#!/bin/sh\\nset -e\\nif [ "$1" = configure ]; then systemctl daemon-reload; deb-systemd-helper enable t-service.service >/dev/null; deb-systemd-invoke restart t-service.service; fi\\n' >$root/DEBIAN/postinst
  printf '#!/bin/sh\\nset -e\\ndeb-systemd-invoke stop t-service.service\\n' >$root/DEBIAN/prerm
  printf '#!/bin/sh\\nset -e\\nif [ "$1" = purge ]; then deb-systemd-helper purge t-service.service >/dev/null; fi\\n' >$root/DEBIAN/postrm
  chmod 755 $root/DEBIAN/p*
  pack $root t-service $version 'Depends: t-library
'
done
rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/srv/packages ./' >/etc/apt/sources.list
sh /srv/index.sh`

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const look = async (): Promise<string> =>
  (await onMachine(snapshotScript)).replaceAll(/^.* \.\/(srv|usr\/share\/info)\b.*$/gm, "")

beforeAll(async () => {
  project = await makeProject("packages")
  expect((await apply("")).exitCode).toBe(0)
  await onMachine(`UNIT1=${quoted(unit("1.0"))} UNIT2=${quoted(unit("2.0"))}\n${makeSource}`)
})

afterAll(async () => {
  await project.fireclay("destroy", "--yes")
  await project.dispose()
})

const failing = `command("bad", { run: ["/bin/false"], check: ["/bin/false"], undo: ["/bin/true"] }),`

describe("packages of a machine", () => {
  it("are foreseen: what comes along, what there is to fetch", async () => {
    await write(`pkg("t-service", { version: "1.0" }),`)
    const { json } = await project.fireclay("plan")
    expect(json.fleets[0].machines[0].packages).toMatchObject({
      manager: "apt",
      hasLists: true,
      along: [{ name: "t-library", from: null, to: "1.0" }],
    })
    expect(json.fleets[0].machines[0].irreversible).toEqual([])
  })

  it.each([
    [`pkg("t-servise"),`, "a package t-servise"],
    [`pkg("t-service", { version: "9" }),`, "version 9 of t-service"],
  ])("that nobody offers are an error before anything is touched: %s", async (resource, words) => {
    const before = await look()
    const { json, exitCode } = await apply(`file("/etc/extra", { content: "" }), ${resource}`)
    expect(json.error).toMatchObject({ code: "FC_PACKAGE_UNKNOWN", at: expect.stringContaining("web-1: pkg(") })
    expect(json.error.message).toContain(words)
    expect(exitCode).toBe(1)
    expect(difference(before, await look())).toEqual({ gone: [], came: [] })
  })

  it("go again without a trace when a later step fails", async () => {
    const before = await look()
    const { json } = await apply(`pkg("t-service", { version: "1.0" }), ${failing}`)
    expect(json.error).toMatchObject({ code: "FC_ROLLOUT_REVERTED", because: ["FC_STEP_FAILED"] })
    expect(difference(before, await look())).toEqual({ gone: [], came: [] })
  })

  it("run again as they were when an upgrade is taken back", async () => {
    expect((await apply(`pkg("t-service", { version: "1.0" }),`)).exitCode).toBe(0)
    expect(await onMachine("cat /run/t-service; echo mine >/etc/t-service.conf")).toBe("1.0\n")
    const before = await look()
    const { json } = await apply(`pkg("t-service", { version: "2.0" }), ${failing}`)
    expect(json.error).toMatchObject({ code: "FC_ROLLOUT_REVERTED", because: ["FC_STEP_FAILED"] })
    expect(difference(before, await look())).toEqual({ gone: [], came: [] })
    expect(await onMachine("cat /run/t-service; cat /etc/t-service.conf")).toBe("1.0\nmine\n")
  })

  it("that are held are an error that names them", async () => {
    await onMachine("apt-mark hold t-service")
    const { json } = await apply(`pkg("t-service", { version: "2.0" }),`)
    expect(json.error).toMatchObject({ code: "FC_PACKAGE_HELD" })
    expect(json.error.message).toContain("t-service 1.0 → 2.0")
    await onMachine("apt-mark unhold t-service")
  })

  it("that someone else is changing are waited for, then that one is named", async () => {
    await onMachine(
      `setsid python3 -c 'import fcntl,time; f=open("/var/lib/dpkg/lock-frontend","w"); fcntl.lockf(f,fcntl.LOCK_EX); time.sleep(8)' >/dev/null 2>&1 & sleep 1`,
    )
    await write(`pkg("t-service", { version: "2.0" }),`)
    const { stderr, exitCode } = await project.fireclay("apply", "--yes")
    expect(exitCode).toBe(0)
    expect(stderr).toMatch(/waiting for python3 \(process \d+\), which holds the package manager's lock/)
    expect(await onMachine("cat /run/t-service")).toBe("2.0\n")
  })

  it("whose present file nobody has cannot be undone, and that is said before", async () => {
    await onMachine("rm /srv/packages/t-service_2.0_all.deb && sh /srv/index.sh")
    await write(`pkg("t-service", { version: "1.0" }),`)
    const { json } = await project.fireclay("plan")
    expect(json.fleets[0].machines[0].irreversible).toMatchObject([
      { why: expect.stringContaining("t-service cannot be had any more") },
    ])
    const refused = await project.fireclay("apply", "--yes")
    expect([refused.json.error.code, refused.exitCode]).toEqual(["FC_IRREVERSIBLE", 1])
    expect(await onMachine("cat /run/t-service")).toBe("2.0\n")
    expect((await project.fireclay("apply", "--yes", "--allow-irreversible")).exitCode).toBe(0)
    expect(await onMachine("cat /run/t-service")).toBe("1.0\n")
  })
})

describe("a command without undo", () => {
  const marker = `command("mark", { run: ["/bin/touch", "/etc/marked"], check: ["/bin/test", "-e", "/etc/marked"] }),`
  const marked = (): Promise<string> => onMachine("ls /etc/marked 2>/dev/null; rm -f /etc/marked")

  it.each([
    ["", [], "FC_IRREVERSIBLE"],
    [`, irreversible: "ask"`, ["--allow-irreversible"], undefined],
    [`, irreversible: "refuse"`, ["--allow-irreversible"], "FC_IRREVERSIBLE"],
    [`, irreversible: "allow"`, [], undefined],
  ])("under the policy '%s' with %o: %s", async (policy, words, code) => {
    await write(`pkg("t-service", { version: "1.0" }), ${marker}`, policy)
    const { json } = await project.fireclay("apply", "--yes", ...words)
    expect(json.error?.code).toBe(code)
    expect(await marked()).toBe(code === undefined ? "/etc/marked\n" : "")
  })
})
