import { execFileSync } from "node:child_process"
import { lstat, mkdir, readdir, readFile, readlink, rm, symlink, utimes, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Step } from "../../src/contract/index.ts"
import { transact, undoTransaction } from "../../src/core/transaction/transaction.ts"
import { me } from "../support/apply.ts"
import { caught } from "../support/catch.ts"
import type { ShellMachine } from "../support/shell-machine.ts"
import { listTree } from "../support/tree.ts"
import {
  bytes,
  failing,
  killTransaction,
  openUsedMachine,
  readHome,
  stateOf,
  tenSteps,
  want,
} from "./transaction-fixture.ts"

let shell: ShellMachine
let old: readonly string[]
const at = (name: string): string => join(shell.root, name)

beforeEach(async () => {
  ;({ shell, old } = await openUsedMachine())
})
afterEach(() => shell.dispose())

const commit = async (steps: readonly Step[]): Promise<void> =>
  (await transact(shell.machine, want("t2", steps))).confirm(stateOf(2))

const [sha256 = ""] = [...bytes.keys()]
const content = { sha256, size: 4 }
const file = (name: string): Step => ({ do: "write-file", path: at(name), content, mode: 0o644, ...me })

describe("undoing what was committed", () => {
  it("keeps what others put into a directory that it takes away, and says where", async () => {
    await commit([{ do: "make-directory", path: at("srv/new"), mode: 0o750, ...me }, file("srv/new/ours")])
    await mkdir(at("srv/new/uploads"))
    await writeFile(at("srv/new/uploads/photo"), "theirs")
    const place = join(shell.home, "kept/t2", at("srv/new"))
    expect(await undoTransaction(shell.machine, "t2")).toEqual({ kept: [place] })
    expect(await listTree(shell.root)).toEqual(old)
    expect([await readdir(place), await readFile(join(place, "uploads/photo"), "utf8")]).toEqual([
      ["uploads"],
      "theirs",
    ])
  })

  it("keeps nothing where nobody put anything", async () => {
    await commit(tenSteps(shell.root))
    expect(await undoTransaction(shell.machine, "t2")).toEqual({ kept: [] })
    expect(await readdir(shell.home)).not.toContain("kept")
  })
})

describe("undoing what was not", () => {
  it("keeps nothing: what stands there came with the steps", async () => {
    const fill: Step = { do: "run-command", argv: ["touch", at("srv/new/litter")], undo: ["true"] }
    const steps = [{ do: "make-directory", path: at("srv/new"), mode: 0o750, ...me } as const, fill, failing]
    await caught(() => transact(shell.machine, want("t2", steps)))
    expect([await listTree(shell.root), await readdir(shell.home)]).toEqual([old, expect.not.arrayContaining(["kept"])])
  })
})

describe("a file comes back as the very same", () => {
  it("with its other names", async () => {
    execFileSync("ln", [at("etc/motd"), at("etc/other")])
    const { ino } = await lstat(at("etc/motd"))
    await (await transact(shell.machine, want("t2", [file("etc/motd")]))).abort()
    const again = await lstat(at("etc/motd"))
    expect([again.ino, again.nlink]).toEqual([ino, 2])
  })

  it("with its extended attributes, also where only its owner changed", async () => {
    const set = (name: string, value: string): Buffer =>
      execFileSync("python3", [
        "-c",
        "import os,sys; os.setxattr(*sys.argv[1:3], sys.argv[3].encode())",
        at(name),
        "user.note",
        value,
      ])
    const get = (name: string): string =>
      execFileSync("python3", [
        "-c",
        "import os,sys; print(os.getxattr(*sys.argv[1:3]).decode())",
        at(name),
        "user.note",
      ]).toString()
    await mkdir(at("srv/empty/x"))
    await rm(at("srv/empty/x"), { recursive: true })
    for (const name of ["etc/motd", "etc/keep", "srv/empty"]) set(name, name)
    const own: Step = { do: "set-ownership", path: at("etc/keep"), mode: 0o600, ...me }
    const applied = await transact(
      shell.machine,
      want("t2", [file("etc/motd"), own, { do: "remove-path", path: at("srv/empty") }]),
    )
    expect(get("etc/keep")).toBe("etc/keep\n")
    await applied.abort()
    expect(["etc/motd", "etc/keep", "srv/empty"].map(get)).toEqual(["etc/motd\n", "etc/keep\n", "srv/empty\n"])
    expect(await listTree(shell.root, { times: false })).toEqual(old.map((line) => line.replace(/ \d{15,}/, "")))
  })

  it("from a copy, where it can have no further name: another file system, say", async () => {
    await shell.program("ln", `case "$*" in -P*) exit 1;; *) exec /bin/ln "$@";; esac`)
    await caught(() => transact(shell.machine, want("t2", [...tenSteps(shell.root), failing])))
    expect(await listTree(shell.root)).toEqual(old)
    await (await transact(shell.machine, want("t3", tenSteps(shell.root)))).confirm(stateOf(3))
    await undoTransaction(shell.machine, "t3")
    expect(await listTree(shell.root)).toEqual(old)
  })

  it("is not touched where it is immutable, and the error says so", async () => {
    const blocked = join(shell.root, "etc/motd")
    try {
      await shell.machine.sh(`chattr +i ${blocked}`)
      const error = await caught(() => transact(shell.machine, want("t2", tenSteps(shell.root))))
      expect([error.code, error.message]).toEqual([
        "FC_STEP_FAILED",
        expect.stringMatching(/^step 3 of 10 failed.*back where it was$/),
      ])
      expect(error.details.join("\n")).toContain(`${blocked}, or its directory, is immutable`)
    } finally {
      await shell.machine.sh(`chattr -i ${blocked}`)
    }
    expect(await listTree(shell.root)).toEqual(old)
  })
})

describe("accounts", () => {
  const passwd = "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/sh\n"
  const group = "root:x:0:\nann:x:1000:\nsudo:x:27:ann\n"
  const change: Step = { do: "add-user", name: "web", system: true, groups: ["sudo"] }
  const read = async (): Promise<readonly string[]> =>
    Promise.all(
      ["passwd", "group", "passwd-"].map((name) => readFile(join(shell.etc, name), "utf8").catch(() => "none")),
    )

  beforeEach(async () => {
    await mkdir(shell.etc)
    await writeFile(join(shell.etc, "passwd"), passwd)
    await writeFile(join(shell.etc, "group"), group)
    await shell.program(
      "useradd",
      `case $1 in -D) echo HOME=${shell.root}/home; exit;; esac
       cd ${shell.etc} && cp passwd passwd- && echo "web:x:998:998::/home/web:/bin/sh" >> passwd && echo "web:x:998:" >> group && sed -i 's/^sudo.*/&,web/' group`,
    )
  })

  it("are as before, to the last byte, when nobody else changed them", async () => {
    const applied = await transact(shell.machine, want("t2", [change]))
    expect((await read())[1]).toBe("root:x:0:\nann:x:1000:\nsudo:x:27:ann,web\nweb:x:998:\n")
    await applied.abort()
    expect(await read()).toEqual([passwd, group, "none"])
  })

  it.each([["aborted"], ["undone after it was committed"]])(
    "that others added survive a transaction that is %s",
    async (how) => {
      const applied = await transact(shell.machine, want("t2", [change]))
      if (how !== "aborted") await applied.confirm(stateOf(2))
      const [now = "", groups = ""] = await read()
      await writeFile(
        join(shell.etc, "passwd"),
        now.replace("/home/ann:/bin/sh", "/home/ann:/bin/zsh").concat("bob:x:1001:1001::/home/bob:/bin/sh\n"),
      )
      await writeFile(join(shell.etc, "group"), groups.replace("ann,web", "ann,web,bob").concat("bob:x:1001:web\n"))
      if (how === "aborted") await applied.abort()
      else await undoTransaction(shell.machine, "t2")
      const [after, groupsAfter] = await read()
      expect(after).toBe(
        passwd.replace("/home/ann:/bin/sh", "/home/ann:/bin/zsh").concat("bob:x:1001:1001::/home/bob:/bin/sh\n"),
      )
      expect(groupsAfter).toBe(group.replace("sudo:x:27:ann", "sudo:x:27:ann,bob").concat("bob:x:1001:web\n"))
    },
  )

  it("leave no lock behind of a tool that was killed, and a file of a like name alone", async () => {
    await writeFile(join(shell.etc, "passwd.20240101"), "a copy of someone's\n")
    const before = await readdir(shell.etc)
    await shell.program(
      "useradd",
      `case $1 in -D) echo HOME=${shell.root}/home; exit;; esac
       cd ${shell.etc} && echo 4194305 > passwd.4194305 && ln passwd.4194305 passwd.lock && echo half > group+; kill -9 $$`,
    )
    await caught(() => transact(shell.machine, want("t2", [change])))
    expect(await readdir(shell.etc)).toEqual(before)
    expect(await read()).toEqual([passwd, group, "none"])
  })

  it("that a step removed or changed come back beside those that others added", async () => {
    await shell.program("userdel", `sed -i '/^ann:/d' ${shell.etc}/passwd`)
    await shell.program("usermod", `sed -i 's,/root:/bin/bash,/root:/bin/sh,' ${shell.etc}/passwd`)
    const steps: readonly Step[] = [
      { do: "remove-user", name: "ann" },
      { do: "change-user", name: "root", system: true, shell: "/bin/sh" },
    ]
    const applied = await transact(shell.machine, want("t2", steps))
    await writeFile(join(shell.etc, "passwd"), "bob:x:1001:1001::/home/bob:/bin/sh\n", { flag: "a" })
    await applied.abort()
    expect((await read())[0]).toBe(
      "root:x:0:0:root:/root:/bin/bash\nbob:x:1001:1001::/home/bob:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n",
    )
  })
})

describe("units", () => {
  const link = (name: string): string => join(shell.units, name)
  const enable: readonly Step[] = [
    { do: "enable-unit", unit: "web.service" },
    { do: "start-unit", unit: "web.service" },
    { do: "disable-unit", unit: "old.service" },
  ]

  beforeEach(async () => {
    await mkdir(link("multi-user.target.wants"), { recursive: true })
    await symlink("/usr/lib/systemd/system/old.service", link("multi-user.target.wants/old.service"))
    await symlink("/dev/null", link("masked.service"))
    execFileSync("touch", ["-h", "-d", "2001-02-03", link("multi-user.target.wants/old.service")])
    for (const name of ["multi-user.target.wants", ""]) await utimes(link(name), 1_000_000_000, 1_000_000_000)
    await shell.program(
      "systemctl",
      `cd ${shell.units}
       case "$*" in
         *"enable -- web.service") mkdir -p web.target.wants; ln -s /x/web.service web.target.wants/web.service; ln -s /x/web.service alias.service;;
         *"disable -- old.service") rm multi-user.target.wants/old.service; rmdir multi-user.target.wants;;
         "show -p ActiveState --value -- web.service") echo active;;
         "show "*) printf 'inactive\\n\\nfailed\\n\\nactive\\n';;
       esac
       echo "$*" >> ${shell.root}.systemctl`,
    )
  })

  it("are enabled, masked and linked as before, to the times of their directories", async () => {
    const units = await listTree(shell.units)
    const applied = await transact(shell.machine, want("t2", enable))
    expect(await readlink(link("alias.service"))).toBe("/x/web.service")
    expect(await readdir(shell.units)).toEqual([
      "alias.service",
      "fireclay-recover.service",
      "masked.service",
      "sysinit.target.wants",
      "web.target.wants",
    ])
    await applied.abort()
    expect(await listTree(shell.units)).toEqual(units)
  })

  it("keep what others enabled since", async () => {
    await commit(enable)
    await symlink("/x/their.service", link("web.target.wants/their.service"))
    await undoTransaction(shell.machine, "t2")
    expect(await readdir(link("web.target.wants"))).toEqual(["their.service"])
  })

  it("that had failed are stopped, which is said", async () => {
    const error = await caught(() => transact(shell.machine, want("t2", [...enable, failing])))
    expect(error.message).toMatch(/back where it was, but for what could not be taken back$/)
    expect(error.details).toContain("not taken back: web.service had failed before; it is stopped now")
    expect(await readFile(`${shell.root}.systemctl`, "utf8")).toContain("stop -- web.service\n")
  })
})

describe("while a transaction is open", () => {
  const seen = async (): Promise<readonly string[]> => (await readdir(shell.units, { recursive: true })).toSorted()
  const guard = ["fireclay-recover.service", "sysinit.target.wants", "sysinit.target.wants/fireclay-recover.service"]

  beforeEach(async () => {
    await mkdir(shell.units)
    await utimes(shell.units, 1_000_000_000, 1_000_000_000)
  })

  it("a unit stands by to end it at boot, and leaves no trace", async () => {
    const units = await listTree(shell.units)
    const applied = await transact(shell.machine, want("t2", tenSteps(shell.root)))
    expect(await seen()).toEqual(guard)
    const unit = await readFile(join(shell.units, "sysinit.target.wants/fireclay-recover.service"), "utf8")
    const start = unit.match(/^ExecStart=(.*)$/m)?.[1]
    expect(start).toBe(`/bin/sh ${shell.home}/txn/t2/library.sh recover boot`)
    await applied.confirm(stateOf(2))
    expect(await listTree(shell.units)).toEqual(units)
    await undoTransaction(shell.machine, "t2")
    expect([await listTree(shell.units), await listTree(shell.root)]).toEqual([units, old])
  })

  it("and nothing is left of it after an abort, nor of the directory's own time", async () => {
    await mkdir(join(shell.units, "sysinit.target.wants"))
    await utimes(shell.units, 1_000_000_000, 1_000_000_000)
    const units = await listTree(shell.units)
    await (await transact(shell.machine, want("t2", tenSteps(shell.root)))).abort()
    expect(await listTree(shell.units)).toEqual(units)
  })

  it.each([
    ["nothing", ""],
    ["a commit", "commit\n"],
  ])("boot does that with %s in the journal beyond the steps", async (_, word) => {
    await transact(shell.machine, want("t2", tenSteps(shell.root)))
    const after = await listTree(shell.root)
    await killTransaction(shell)
    await writeFile(join(shell.home, "txn/t2/journal"), word, { flag: "a" })
    const unit = await readFile(join(shell.units, "fireclay-recover.service"), "utf8")
    await shell.machine.sh(unit.match(/^ExecStart=(.*)$/m)?.[1] ?? "exit 1")
    expect([await readHome(shell, "txn/t2/status"), await listTree(shell.root)]).toEqual(
      word === "" ? ["undone", old] : ["committed", after],
    )
    expect(await seen()).toEqual([])
  })

  it("boot waits for what is not yet dead", async () => {
    await transact(shell.machine, want("t2", tenSteps(shell.root)))
    await killTransaction(shell)
    const held = shell.connect().sh(`flock ${shell.home}/lock sleep 1`)
    await shell.machine.sh(`sleep 0.3; sh ${shell.home}/txn/t2/library.sh recover boot`)
    expect([await readHome(shell, "txn/t2/status"), await listTree(shell.root)]).toEqual(["undone", old])
    await held
  })

  it("boot leaves an undo that fails there to the next contact", async () => {
    const late: Step = { do: "run-command", argv: ["true"], undo: ["test", "-e", `${shell.root}.up`] }
    await transact(shell.machine, want("t2", [late, ...tenSteps(shell.root)]))
    await killTransaction(shell)
    const recover = `sh ${shell.home}/txn/t2/library.sh recover`
    await shell.machine.sh(`${recover} boot`)
    expect([await readHome(shell, "txn/t2/status"), await listTree(shell.root)]).toEqual(["undoing", old])
    await writeFile(`${shell.root}.up`, "")
    await shell.machine.sh(recover)
    expect([await readHome(shell, "txn/t2/status"), await listTree(shell.root)]).toEqual(["undone", old])
  })
})
