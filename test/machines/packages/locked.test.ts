import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Step } from "../../../src/contract/index.ts"
import { transact } from "../../../src/core/transaction/transaction.ts"
import { caught } from "../../support/catch.ts"
import { openRootMachine, type RootMachine } from "../../support/root-machine.ts"
import { aptPackager } from "../../support/test-packages.ts"

let root: RootMachine

beforeAll(async () => {
  root = await openRootMachine({ distribution: "debian", suite: "bookworm", include: [] }, { FC_PACKAGES_WAIT: "2" })
  await aptPackager(root).offer([{ name: "t-app", version: "1.0-1" }])
})
afterAll(() => root.dispose())

const steps: readonly Step[] = [
  { do: "run-command", argv: ["touch", "/etc/marked"], undo: ["rm", "/etc/marked"] },
  { do: "install-packages", packages: [{ name: "t-app" }] },
]

const apply = (id: string, onWait: (holder: string) => void) =>
  transact(root.machine, { id, steps, bytes: new Map(), holder: "test", confirmMs: 60_000, onWait })

/** Another process takes one of the locks, as apt itself does. */
const hold = (path: string, seconds: number): Promise<string> =>
  root.tell(`setsid python3 -c 'import fcntl, time
file = open("${path}", "w")
fcntl.lockf(file, fcntl.LOCK_EX)
open("/tmp/held", "w").close()
time.sleep(${seconds})' >/dev/null 2>&1 &
  until [ -e /tmp/held ]; do sleep 0.1; done; rm /tmp/held`)

describe("the package manager's lock, held by someone else", () => {
  it.each(["/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock"])(
    "is waited for, and then its holder is named: %s",
    async (path) => {
      await hold(path, 1000)
      const waited: string[] = []
      const error = await caught(() => apply(`t-${path.length}`, (holder) => waited.push(holder)))
      expect(error).toMatchObject({ code: "FC_PACKAGES_LOCKED", at: "root" })
      expect(error.message).toMatch(
        /^the package manager's lock is held by python3 \(process \d+\); the machine is back/,
      )
      expect(waited).toEqual([expect.stringMatching(/^python3 \(process \d+\)$/)])
      expect(await root.tell("ls /etc/marked 2>/dev/null; dpkg-query -W t-app 2>/dev/null; exit 0")).toBe("")
      await root.tell("pkill python3")
    },
  )

  it("is waited for no longer than it is held", async () => {
    await hold("/var/lib/dpkg/lock-frontend", 1)
    const applied = await apply("t-short", () => undefined)
    expect(applied.packages).toEqual(["t-app"])
    await applied.abort()
    expect(await root.tell("ls /etc/marked 2>/dev/null; exit 0")).toBe("")
  })
})
