import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openEyes } from "../../src/core/eyes/eyes.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"

let shell: ShellMachine

beforeAll(async () => {
  shell = await openShellMachine()
})
afterAll(() => shell.dispose())

const say = (...argv: readonly [string, ...string[]]): string => execFileSync(argv[0], argv.slice(1)).toString().trim()

describe("this computer", () => {
  it("says which packages it has", async () => {
    const { eyes } = openEyes(shell.machine)
    const [dpkg, none] = await Promise.all([eyes.package("dpkg"), eyes.package("no-such-package")])
    expect(dpkg).toEqual({ version: say("dpkg-query", "-W", "-f", "${Version}", "dpkg"), held: false })
    expect(none).toBeUndefined()
  })

  it("says who is on it", async () => {
    const { eyes } = openEyes(shell.machine)
    const answers = await Promise.all([
      eyes.user("root"),
      eyes.user("nosuchuser"),
      eyes.group("daemon"),
      eyes.group("nosuchgroup"),
    ])
    expect(answers).toEqual([
      expect.objectContaining({ name: "root", uid: 0, group: "root", home: "/root" }),
      undefined,
      { name: "daemon", gid: Number(say("getent", "group", "daemon").split(":")[2]) },
      undefined,
    ])
  })

  it("answers for the missing ones when all are missing", async () => {
    const { eyes } = openEyes(shell.machine)
    expect(await Promise.all([eyes.package("no-such-package"), eyes.user("nosuchuser")])).toEqual([
      undefined,
      undefined,
    ])
  })
})

describe("accounts as getent says them", () => {
  beforeAll(() =>
    shell.program(
      "getent",
      `case $1 in
        passwd) printf '%s\\n' 'app:x:998:997:The app, really:/srv/app:/bin/sh' 'ada:x:1000:4242:Ada,,,:/home/ada:' ;;
        group) printf '%s\\n' 'app:x:997:' 'www:x:33:ada,app' 'adm:x:4:app' 'appx:x:5:xapp' ;;
      esac`,
    ),
  )
  afterAll(() => shell.program("getent", 'exec /usr/bin/getent "$@"'))

  it.each([
    [
      "app",
      {
        uid: 998,
        group: "app",
        comment: "The app, really",
        home: "/srv/app",
        shell: "/bin/sh",
        groups: ["adm", "www"],
      },
    ],
    ["ada", { uid: 1000, group: "4242", comment: "Ada", home: "/home/ada", shell: "", groups: ["www"] }],
  ])("%s", async (name, state) => {
    expect(await openEyes(shell.machine).eyes.user(name)).toEqual({ name, ...state })
  })
})

describe("packages as dpkg says them", () => {
  beforeAll(() =>
    shell.program(
      "dpkg-query",
      `printf '%s\\t%s\\t%s\\t%s\\n' there 1:2.0-1 install installed kept 1.0 hold installed gone 3.0 deinstall config-files half 1.0 install half-configured; exit 1`,
    ),
  )
  afterAll(() => shell.program("dpkg-query", 'exec /usr/bin/dpkg-query "$@"'))

  it.each([
    ["there", { version: "1:2.0-1", held: false }],
    ["kept", { version: "1.0", held: true }],
    ["gone", undefined],
    ["half", undefined],
  ])("%s", async (name, state) => {
    expect(await openEyes(shell.machine).eyes.package(name)).toEqual(state)
  })
})

/** A systemd that runs has its directory; this computer's may or may not be there. */
const withSystemd = (there: boolean): ShellMachine["machine"] => ({
  ...shell.machine,
  sh: (script, options) =>
    shell.machine.sh(script.replaceAll("/run/systemd/system", there ? shell.root : join(shell.root, "none")), options),
})

const known: { readonly [unit: string]: string } = {
  "app.service": "loaded active enabled",
  "off.service": "loaded inactive disabled",
  "broken.service": "loaded failed enabled",
  "starting.service": "loaded activating enabled-runtime",
  "reloading.service": "loaded reloading static",
  "masked.service": "masked inactive masked",
}

/** Like `systemctl show`: a block for each, with an empty line between, and nothing at all for what is no unit's name. */
const fakeShow = `
  shift; first=yes
  for unit in "$@"; do
    case $unit in -p | --) continue;; *,*) continue;; *@.service) echo "not a unit: $unit" >&2; exit 1;; esac
    [ -n "$first" ] || echo; first=
    case $unit in ${Object.entries(known)
      .map(([unit, states]) => `${unit}) set -- ${states};;`)
      .join(" ")} *) set -- not-found inactive '';; esac
    printf 'Names=%s\\nLoadState=%s\\nActiveState=%s\\nUnitFileState=%s\\n' "$unit" "$1" "$2" "$3"
  done`

describe("units where systemd runs", () => {
  beforeAll(() => shell.program("systemctl", fakeShow))

  const units = [
    ["app.service", { exists: true, active: true, enabled: true, state: "active" }],
    ["none.service", { exists: false, active: false, enabled: false, state: "inactive" }],
    ["off.service", { exists: true, active: false, enabled: false, state: "inactive" }],
    ["broken.service", { exists: true, active: false, enabled: true, state: "failed" }],
    ["starting.service", { exists: true, active: true, enabled: true, state: "activating" }],
    ["reloading.service", { exists: true, active: true, enabled: true, state: "reloading" }],
    ["masked.service", { exists: false, active: false, enabled: false, state: "inactive" }],
  ] as const

  it("are told apart in one round", async () => {
    const { eyes, rounds } = openEyes(withSystemd(true))
    expect(await Promise.all(units.map(([name]) => eyes.unit(name)))).toEqual(units.map(([, state]) => state))
    expect(rounds()).toBe(1)
  })

  it.each(units)("%s alone", async (name, state) => {
    expect(await openEyes(withSystemd(true)).eyes.unit(name)).toEqual(state)
  })
})

describe("units where no systemd runs", () => {
  beforeAll(() =>
    shell.program(
      "systemctl",
      'case "$*" in *" is-enabled app.service") echo enabled;; *" is-enabled off.service") echo disabled; exit 1;; *) echo not-found; exit 1;; esac',
    ),
  )

  it("are known by what starts them", async () => {
    const { eyes } = openEyes(withSystemd(false))
    const states = await Promise.all(["app.service", "none.service", "off.service"].map((name) => eyes.unit(name)))
    expect(states).toEqual([
      { exists: true, active: false, enabled: true, state: "inactive" },
      { exists: false, active: false, enabled: false, state: "inactive" },
      { exists: true, active: false, enabled: false, state: "inactive" },
    ])
  })
})
