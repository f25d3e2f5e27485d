import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Step } from "../../../src/contract/index.ts"
import { foreseeLibrary } from "../../../src/core/transaction/library.ts"
import { transact } from "../../../src/core/transaction/transaction.ts"
import { stateOf } from "../../core/transaction-fixture.ts"
import { install, packageSuite } from "../../support/package-suite.ts"
import { openRootMachine, type RootMachine } from "../../support/root-machine.ts"
import { aptPackager, type TestPackage } from "../../support/test-packages.ts"

const base = { distribution: "debian", suite: "bookworm", include: [] } as const

/** Changes what the system keeps beside packages, in every way that Debian's scripts have, and takes nothing back. */
const untidy: TestPackage = {
  name: "t-untidy",
  version: "1.0-1",
  files: { "/usr/share/t-untidy/file": "1\n" },
  after: `
    update-alternatives --install /usr/bin/t-untidy t-untidy /usr/share/t-untidy/file 10
    update-alternatives --install /usr/bin/pager pager /usr/share/t-untidy/file 1000
    dpkg-statoverride --update --add root root 0600 /usr/share/t-untidy/file
    dpkg-divert --package t-untidy --rename --divert /usr/bin/tac.t-untidy --add /usr/bin/tac
    dpkg-divert --local --rename --divert /usr/bin/nl.t-untidy --add /usr/bin/nl
    ucf /usr/share/t-untidy/file /etc/t-untidy.conf </dev/null
    echo '# untidy' >>/etc/nsswitch.conf; rm /etc/issue.net; chmod 700 /etc/skel; ln -sfn t-untidy /etc/mtab.t`,
}

const upgrade = (packages: { readonly [name: string]: string }): Step => ({
  do: "upgrade-packages",
  packages: Object.entries(packages).map(([name, version]) => ({ name, version })),
})
const there = ["t-library=1.0-1", "t-app=1.0-1"]

packageSuite("apt", {
  open: () => openRootMachine(base),
  packager: aptPackager,
  more: {
    packages: [untidy],
    rows: [
      { name: "one that leaves nothing as it was", steps: [install("t-untidy")], after: ["t-untidy 1.0-1"] },
      {
        name: "upgrades, of what nobody asked for too, and of nothing that is not there",
        there,
        locally: "echo mine >/etc/t-app.conf",
        steps: [upgrade({ "t-app": "2.0-1", "t-library": "1.1-1", "t-user": "1.0-1" })],
        after: ["t-app 2.0-1", "t-library 1.1-1"],
        automatic: ["t-library"],
      },
      { name: "an upgrade of nothing", steps: [upgrade({ "t-user": "1.0-1" })], after: [] },
    ],
  },
})

describe("an upgrade by apt", () => {
  const [old, newer] = ["1.0-1", "2.0-1"].map(
    (version): TestPackage => ({
      ...{ name: "t-app", version, files: { "/usr/share/t-app/program": version } },
      configs: { "/etc/t-app.conf": `${version}\n` },
    }),
  ) as [TestPackage, TestPackage]
  let root: RootMachine

  beforeAll(async () => {
    root = await openRootMachine(base)
    const packages = aptPackager(root)
    await packages.offer([old, newer])
    await packages.install("t-app=1.0-1")
    await root.tell("echo mine >/etc/t-app.conf; rm -f /var/cache/apt/archives/*.deb")
  })
  afterAll(() => root.dispose())

  const bring = (id: string, version: string) =>
    transact(root.machine, {
      ...{ id, steps: [upgrade({ "t-app": version })], bytes: new Map(), holder: "test", confirmMs: 60_000 },
    })

  it("says what it changed, and which files of people it kept", async () => {
    const applied = await bring("t1", "2.0-1")
    expect(applied.upgraded).toEqual({
      moves: [{ name: "t-app", from: "1.0-1", to: "2.0-1" }],
      ...{ restarted: [], stale: [], keptFiles: ["/etc/t-app.conf"] },
    })
    expect(await root.tell("cat /etc/t-app.conf /etc/t-app.conf.dpkg-dist")).toBe("mine\n2.0-1\n")
    await applied.confirm(stateOf(1))
  })

  it("goes back, also where nobody offers the old version any more", async () => {
    await aptPackager(root).offer([newer])
    expect(await root.tell(`${await foreseeLibrary()}\nforesee install t-app=1.0-1`)).toContain("~ t-app 2.0-1 1.0-1")
    const applied = await bring("t2", "1.0-1")
    expect(applied.upgraded.moves).toEqual([{ name: "t-app", from: "2.0-1", to: "1.0-1" }])
    await applied.confirm(stateOf(2))
    expect(await root.tell("ls /var/lib/fireclay/packages")).toBe("t-app_2.0-1_all.deb\n")
  })
})
