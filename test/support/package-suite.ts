import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Step } from "../../src/contract/index.ts"
import { type Applied, transact } from "../../src/core/transaction/transaction.ts"
import { caught } from "./catch.ts"
import { type RootMachine, rootSnapshot } from "./root-machine.ts"
import type { Packager, TestPackage } from "./test-packages.ts"

/** What a package manager is tried with. */
export interface PackageSuite {
  readonly open: () => Promise<RootMachine>
  readonly packager: (root: RootMachine) => Packager
  /** What only this manager knows. */
  readonly more?: { readonly packages: readonly TestPackage[]; readonly rows: readonly PackageRow[] }
}

const config = (text: string) => ({ "/etc/t-app.conf": `${text}\n` })
const program = (text: string) => ({ "/usr/share/t-app/program": `${text}\n` })
const library: TestPackage = { name: "t-library", version: "1.0-1", files: { "/usr/share/t-library/one": "1\n" } }
const app: TestPackage = {
  name: "t-app",
  version: "1.0-1",
  needs: ["t-library"],
  files: program("1"),
  configs: config("one"),
}
const newer: TestPackage = {
  ...app,
  version: "2.0-1",
  files: { ...program("2"), "/usr/share/t-app/more": "2\n" },
  configs: config("two"),
}
const rival: TestPackage = { name: "t-rival", version: "1.0-1", insteadOf: "t-app", files: program("rival") }
const withUser: TestPackage = {
  name: "t-user",
  version: "1.0-1",
  after:
    "useradd --system --create-home --home-dir /var/lib/t-user t-user && echo made >/etc/t-user.made && echo data >/var/lib/t-user/data",
}
const refusing: TestPackage = {
  name: "t-refusing",
  version: "1.0-1",
  files: { "/usr/share/t-refusing/file": "1\n" },
  before: "echo no >&2; exit 1",
}
const withData: TestPackage = { name: "t-data", version: "1.0-1", gone: "rm -rf /var/lib/t-data" }

const all = [library, { ...library, version: "1.1-1" }, app, newer, rival, withUser, withData, refusing]

export const install = (...words: readonly string[]): Step => ({
  do: "install-packages",
  packages: words.map((word) => {
    const [name = "", version] = word.split("=")
    return { name, ...(version === undefined ? {} : { version }) }
  }),
})
const remove = (name: string, ...alongside: readonly string[]): Step => ({
  do: "remove-packages",
  packages: [name],
  alongside,
})

/** Something to do with packages, and to take back. */
export interface PackageRow {
  readonly name: string
  /** On the machine before. */
  readonly there?: readonly string[]
  readonly offered?: readonly TestPackage[]
  readonly locally?: string
  readonly steps: readonly Step[]
  readonly after: readonly string[]
  readonly automatic?: readonly string[]
}

const ones = ["t-app 1.0-1", "t-library 1.0-1"]

const rows: readonly PackageRow[] = [
  {
    name: "an installation that brings another along",
    steps: [install("t-app=2.0-1")],
    after: ["t-app 2.0-1", "t-library 1.1-1"],
    automatic: ["t-library"],
  },
  {
    name: "a newer version",
    there: ["t-library=1.0-1", "t-app=1.0-1"],
    steps: [install("t-app=2.0-1")],
    after: ["t-app 2.0-1", "t-library 1.0-1"],
  },
  {
    name: "a newer version over configuration changed by hand",
    there: ["t-library=1.0-1", "t-app=1.0-1"],
    locally: "echo mine >/etc/t-app.conf",
    steps: [install("t-app=2.0-1")],
    after: ["t-app 2.0-1", "t-library 1.0-1"],
  },
  {
    name: "a newer version over configuration removed by hand",
    there: ["t-library=1.0-1", "t-app=1.0-1"],
    locally: "rm /etc/t-app.conf",
    steps: [install("t-app=2.0-1")],
    after: ["t-app 2.0-1", "t-library 1.0-1"],
  },
  { name: "an older version", there: ["t-library=1.0-1", "t-app=2.0-1"], steps: [install("t-app=1.0-1")], after: ones },
  {
    name: "one that takes the place of another",
    there: ["t-library=1.0-1", "t-app=1.0-1"],
    locally: "echo mine >/etc/t-app.conf",
    steps: [install("t-rival")],
    after: ["t-library 1.0-1", "t-rival 1.0-1"],
  },
  { name: "one that brings a user with a home", steps: [install("t-user")], after: ["t-user 1.0-1"] },
  { name: "one that does not want to go again", steps: [install("t-refusing")], after: ["t-refusing 1.0-1"] },
  {
    name: "a removal",
    there: ["t-library=1.0-1", "t-app=1.0-1"],
    locally: "echo mine >/etc/t-app.conf",
    steps: [remove("t-app")],
    after: ["t-library 1.0-1"],
  },
  {
    name: "a removal with what came along",
    there: ["t-library=1.0-1", "t-app=1.0-1"],
    steps: [remove("t-app", "t-library")],
    after: [],
  },
  {
    name: "a removal that takes data along",
    there: ["t-data=1.0-1"],
    locally: "mkdir -p /var/lib/t-data && echo precious >/var/lib/t-data/it",
    steps: [remove("t-data")],
    after: [],
  },
  {
    name: "an older version of what nobody asked for",
    there: ["t-library=1.1-1", "t-app=1.0-1"],
    steps: [install("t-library=1.0-1")],
    after: ones,
  },
  {
    name: "several, one after the other",
    there: ["t-library=1.0-1", "t-app=1.0-1"],
    steps: [install("t-app=2.0-1", "t-user"), install("t-library=1.1-1"), remove("t-app")],
    after: ["t-library 1.1-1", "t-user 1.0-1"],
  },
]

const transaction = (root: RootMachine, steps: readonly Step[], onWait?: (holder: string) => void): Promise<Applied> =>
  transact(root.machine, {
    id: `t-${randomBytes(4).toString("hex")}`,
    steps,
    bytes: new Map(),
    holder: "test",
    confirmMs: 300_000,
    ...(onWait === undefined ? {} : { onWait }),
  })

/** What every package manager must do: change, and take back so that nothing tells. */
export const packageSuite = (name: string, { open, packager, more }: PackageSuite): void => {
  describe(`packages with ${name}`, () => {
    const offer = [...all, ...(more?.packages ?? [])]
    let root: RootMachine
    let packages: Packager

    beforeAll(async () => {
      root = await open()
      packages = packager(root)
      await packages.offer(offer)
    })
    afterAll(() => root.dispose())

    const start = async ({ there = [], locally = "true", offered = offer }: Partial<PackageRow>): Promise<State> => {
      await clear(root, packages)
      await packages.offer(offered)
      for (const word of there) await packages.install(word)
      if (there.length > 1) await packages.markAutomatic("t-library")
      await root.tell(locally)
      return look(root, packages)
    }

    it.each([...rows, ...(more?.rows ?? [])])("take back $name", async (row) => {
      const before = await start(row)
      const applied = await transaction(root, row.steps)
      expect(await packages.installed()).toEqual(row.after)
      if (row.automatic !== undefined) expect(await packages.automatic()).toEqual(row.automatic)
      await applied.abort()
      expect(await look(root, packages)).toEqual(before)
    })

    it("are where they were when a script of theirs fails", async () => {
      const before = await start({ there: ["t-library=1.0-1", "t-app=1.0-1"], locally: "echo mine >/etc/t-app.conf" })
      const broken = { ...app, version: "3.0-1", files: program("3"), configs: config("three"), ...packages.failing }
      await packages.offer([...offer, broken])
      const error = await caught(() => transaction(root, [install("t-user", "t-app=3.0-1")]))
      expect(error).toMatchObject({ code: "FC_STEP_FAILED" })
      expect(await look(root, packages)).toEqual(before)
    })

    it("that are held are not changed", async () => {
      const before = await start({ there: ["t-library=1.0-1", "t-app=1.0-1"] })
      await packages.hold("t-app")
      const error = await caught(() => transaction(root, [install("t-user"), install("t-app=2.0-1")]))
      expect(error).toMatchObject({ code: "FC_STEP_FAILED" })
      expect(JSON.stringify(error)).toContain("held, so not to be changed: t-app")
      expect(await packages.installed()).toEqual(before.installed)
    })

    it("that nobody offers any more are not replaced", async () => {
      const before = await start({ there: ["t-library=1.0-1", "t-app=1.0-1"] })
      await packages.offer([library, newer])
      const error = await caught(() => transaction(root, [install("t-app=2.0-1")]))
      expect(error).toMatchObject({ code: "FC_STEP_FAILED" })
      expect(JSON.stringify(error)).toContain("could not be undone: t-app 1.0-1")
      expect(await look(root, packages)).toEqual(before)
    })
  })
}

interface State {
  readonly installed: readonly string[]
  readonly automatic: readonly string[]
  readonly paths: readonly string[]
}

const look = async (root: RootMachine, packages: Packager): Promise<State> => ({
  installed: await packages.installed(),
  automatic: await packages.automatic(),
  paths: (await root.tell(rootSnapshot)).split("\n"),
})

/** Back to nothing of a test's, whatever the one before left. */
const clear = async ({ tell }: RootMachine, packages: Packager): Promise<void> => {
  const names = (await packages.installed()).map((line) => line.split(" ")[0]).join(" ")
  await tell(`
    if command -v dpkg >/dev/null; then
      rm -f /var/lib/dpkg/info/t-*.prerm; apt-mark unhold ${names} >/dev/null 2>&1
      dpkg --purge --force-depends ${names} $(dpkg-query -W -f '\${Package}\\n' 't-*' 2>/dev/null) >/dev/null 2>&1
    else rm -f /etc/dnf/dnf.conf; [ -z "${names}" ] || rpm -e --nodeps --noscripts ${names}; fi
    userdel t-user 2>/dev/null; rm -rf /etc/t-* /var/lib/t-* /var/cache/apt/archives/t-*.deb /var/lib/fireclay; exit 0`)
}
