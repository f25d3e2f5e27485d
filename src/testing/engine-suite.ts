import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Base, Engine, Image, InstanceWant, Machine } from "../contract/index.ts"

/** What an engine under test can do, so that nothing is asked of it that it does not claim. */
export interface EngineCapabilities {
  /** Its machines run real scripts. Without, only the book-keeping is tested. */
  readonly runsShell: boolean
  /** Instances of an image are read-only but for volumes and scratch directories. */
  readonly readOnlyInstances: boolean
  /**
   * Everything on this host that an engine could leave behind, one line each: links, mounts, namespaces, processes,
   * packet filter rules, directories. Compared from before the first call to after `destroy`.
   */
  readonly hostState?: () => Promise<readonly string[]>
}

const base: Base = { distribution: "debian", suite: "bookworm", include: [] }
const patient = 300_000

/**
 * What every {@link Engine} must do. `factory` answers an engine of a project of the suite's own that has made
 * nothing yet; each call answers one for the same project.
 *
 * @example
 * engineSuite("memory", () => engine, { runsShell: false, readOnlyInstances: false })
 */
export const engineSuite = (name: string, factory: () => Engine, capabilities: EngineCapabilities): void => {
  describe(`engine ${name}`, () => {
    const engine = factory()
    const context: Context = { engine, again: factory, capabilities }
    let before: readonly string[] = []
    beforeAll(async () => {
      await engine.ensureBase(base)
      before = (await capabilities.hostState?.()) ?? []
    }, patient)
    afterAll(() => engine.destroy({ volumes: true }), patient)

    describe("bases and images", () => imageCases(context))
    describe("instances", () => instanceCases(context))
    if (capabilities.runsShell) {
      describe("what is baked", () => bakeCases(context))
      describe("what runs", () => runningCases(context))
    }
    describe("destroy", () => destroyCases(context, () => before))
  })
}

interface Context {
  readonly engine: Engine
  /** Another engine of the same project, as a later run of the controller has one. */
  readonly again: () => Engine
  readonly capabilities: EngineCapabilities
}

const imageCases = ({ engine, again }: Context): void => {
  it("answers the same digest for the same base", { timeout: patient }, async () => {
    const digest = await engine.ensureBase(base)
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(await again().ensureBase(base)).toBe(digest)
  })

  it("makes an image of what a scratch machine was told", { timeout: patient }, async () => {
    const image = await bake(engine, { base }, "echo one >/srv/one")
    expect(image.digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(image.size).toBeGreaterThan(0)
    expect(await again().image(image.digest)).toEqual(image)
  })

  it("answers the same digest for the same content, and another for other content", { timeout: patient }, async () => {
    const one = await bake(engine, { base }, "echo one >/srv/one")
    const two = await bake(engine, { base }, "echo two >/srv/one")
    expect(await bake(engine, { base }, "echo one >/srv/one")).toEqual(one)
    expect(two.digest).not.toBe(one.digest)
  })

  it("stacks an image on an image", { timeout: patient }, async () => {
    const one = await bake(engine, { base }, "echo one >/srv/one")
    const stacked = await bake(engine, { image: one.digest }, "echo more >/srv/more")
    expect(stacked.digest).not.toBe(one.digest)
    expect(await engine.image(stacked.digest)).toEqual(stacked)
  })

  it("makes nothing of a scratch machine that is discarded, twice", { timeout: patient }, async () => {
    const scratch = await engine.openScratch({ base })
    await scratch.discard()
    await scratch.discard()
    await expect(scratch.machine.sh(":")).rejects.toMatchObject({ code: "FC_MACHINE_UNREACHABLE" })
  })

  it("forgets an image that is removed, and knows no other", { timeout: patient }, async () => {
    const image = await bake(engine, { base }, "echo gone >/srv/gone")
    await engine.removeImage(image.digest)
    await engine.removeImage(image.digest)
    expect(await engine.image(image.digest)).toBeUndefined()
    expect(await engine.image("sha256:../../etc/passwd")).toBeUndefined()
    await expect(engine.openScratch({ image: image.digest })).rejects.toMatchObject({ code: "FC_IMAGE_UNKNOWN" })
    const want = wanted("none-1", { image: image.digest })
    await expect(engine.create(want)).rejects.toMatchObject({ code: "FC_IMAGE_UNKNOWN" })
    expect((await engine.list()).map((instance) => instance.name)).not.toContain("none-1")
  })
}

const instanceCases = ({ engine, again }: Context): void => {
  it("makes several instances at the same time, each with an address of its own", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "echo one >/srv/one")
    const names = ["many-1", "many-2", "many-3"]
    const made = await Promise.all(
      names.map((name) => engine.create({ ...wanted(name, { image: digest }), release: 7 })),
    )
    expect(new Set(made.map((instance) => instance.address)).size).toBe(3)
    expect(made[0]).toMatchObject({ name: "many-1", fleet: "suite", release: 7, image: digest, running: true })
    expect(new Date(made[0]?.createdAt ?? "").toISOString()).toBe(made[0]?.createdAt)
    expect((await again().list()).filter((instance) => names.includes(instance.name))).toEqual(made)
    await Promise.all(names.map((name) => engine.remove(name)))
    expect((await engine.list()).filter((instance) => names.includes(instance.name))).toEqual([])
  })

  it("refuses a second instance of one name and leaves the first alone", { timeout: patient }, async () => {
    const first = await engine.create(wanted("twice-1", { base }))
    await expect(engine.create(wanted("twice-1", { base }))).rejects.toMatchObject({ code: "FC_INSTANCE_START" })
    expect((await engine.list()).filter((instance) => instance.name === "twice-1")).toEqual([first])
    await engine.remove("twice-1")
  })

  it("stops and starts an instance under the same address", { timeout: patient }, async () => {
    const made = await engine.create(wanted("pause-1", { base }))
    await engine.stop("pause-1")
    expect((await engine.list()).find(({ name }) => name === "pause-1")).toEqual({ ...made, running: false })
    await expect(engine.machine("pause-1").sh(":")).rejects.toMatchObject({ code: "FC_MACHINE_UNREACHABLE" })
    await engine.stop("pause-1")
    expect(await again().start("pause-1")).toEqual(made)
    expect(await again().start("pause-1")).toEqual(made)
    await engine.remove("pause-1")
  })

  it("removes what is not there without an error, and starts it with one", { timeout: patient }, async () => {
    await engine.remove("nobody-1")
    await expect(engine.start("nobody-1")).rejects.toMatchObject({ code: "FC_MACHINE_UNREACHABLE" })
    await expect(engine.machine("nobody-1").sh(":")).rejects.toMatchObject({ code: "FC_MACHINE_UNREACHABLE" })
  })
}

const bakeCases = ({ engine }: Context): void => {
  it("gives the same digest whatever the order and the way of the work", { timeout: patient }, async () => {
    const tidy = await bake(
      engine,
      { base },
      "mkdir /srv/a; echo 1 >/srv/a/1; echo 2 >/srv/a/2; rm /usr/share/doc/bash/copyright",
    )
    const messy = await bake(
      engine,
      { base },
      [
        "mkdir /srv/b; touch /etc/passwd; chmod 755 /usr/bin; cp -p /bin/ls /tmp/ls; cp /tmp/ls /bin/ls",
        "rm -rf /srv/b; mkdir /srv/a; echo 2 >/srv/a/2; sleep 1; echo 1 >/srv/a/1",
        "cp -a /usr/share/doc/bash /tmp/bash; rm -rf /usr/share/doc/bash; cp -a /tmp/bash /usr/share/doc/",
        "rm /usr/share/doc/bash/copyright; echo x >/var/log/some.log; echo y >/var/tmp/y; echo z >/root/.bash_history",
      ].join("\n"),
    )
    expect(messy.digest).toBe(tidy.digest)
  })

  it("keeps owners, modes, set-user-ID bits, links and capabilities", { timeout: patient }, async () => {
    const script = [
      "echo x >/srv/file; chown 12:34 /srv/file; chmod 4750 /srv/file; ln /srv/file /srv/hard; ln -s file /srv/soft",
      "mkdir /srv/sticky; chmod 1777 /srv/sticky; mkfifo /srv/pipe; printf 'a b' >'/srv/with space\n and line'",
      'python3 -c \'import os; os.setxattr("/bin/nice", "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))\'',
    ].join("\n")
    const look =
      "cd /srv; stat -c '%n %A %u %g %h' file hard soft sticky pipe with*; cat soft; " +
      'python3 -c \'import os; print(os.getxattr("/bin/nice", "security.capability").hex())\''
    const scratch = await engine.openScratch({ base })
    await must(scratch.machine, script)
    const before = await must(scratch.machine, look)
    const image = await scratch.commit()
    expect(before).toContain("-rwsr-x--- 12 34 2")
    expect(before).toContain("01000002")
    expect(await onScratch(engine, image, look)).toBe(before)
    expect((await bake(engine, { base }, script)).digest).toBe(image.digest)
  })

  it("keeps deletions and replacements through several layers", { timeout: patient }, async () => {
    const one = await bake(engine, { base }, "mkdir -p /srv/d/e; echo 1 >/srv/d/e/f; echo 1 >/srv/g")
    const two = await bake(engine, { image: one.digest }, "rm -r /srv/d; mkdir /srv/d; echo 2 >/srv/d/new; rm /srv/g")
    const three = await bake(engine, { image: two.digest }, "echo 3 >/srv/g; rm /usr/share/doc/bash/copyright")
    const look = "cd /srv; find . | sort; cat g; ls /usr/share/doc/bash/copyright 2>&1 | grep -c 'No such'"
    expect(await onScratch(engine, three, look)).toBe("./d\n./d/new\n./g\n3\n1\n".replace("./d", ".\n./d"))
    const undone = await bake(engine, { image: one.digest }, "rm -r /srv/d /srv/g")
    const redone = await bake(engine, { image: undone.digest }, "mkdir -p /srv/d/e; echo 1 >/srv/d/e/f; echo 1 >/srv/g")
    expect(await onScratch(engine, redone, "cat /srv/d/e/f /srv/g")).toBe("1\n1\n")
  })

  it("starts no service that is installed, and leaves no trace of how", { timeout: patient }, async () => {
    const scratch = await engine.openScratch({ base })
    const policy = await scratch.machine.sh("policy-rc.d ssh start || /usr/sbin/policy-rc.d ssh start")
    const image = await scratch.commit()
    expect(policy.exitCode).toBe(101)
    const look = "ls /usr/sbin/policy-rc.d /etc/ssh/ssh_host_* 2>/dev/null; wc -c </etc/machine-id"
    const instance = await engine.create(wanted("trace-1", { image: image.digest }))
    expect(await on(engine, instance.name, "ls /usr/sbin/policy-rc.d 2>/dev/null; echo end")).toBe("end\n")
    await engine.remove(instance.name)
    expect((await onScratch(engine, image, look)).trim().split("\n").at(-1)).toBe("0")
  })
}

const runningCases = ({ engine, again, capabilities }: Context): void => {
  it("runs instances that see what was baked and whose systemd is content", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "echo baked >/srv/baked")
    const instances = await Promise.all(
      ["see-1", "see-2"].map((name) => engine.create(wanted(name, { image: digest }))),
    )
    for (const { name, address } of instances) {
      expect(await on(engine, name, "cat /srv/baked; hostname; systemctl is-system-running")).toBe(
        `baked\n${name}\nrunning\n`,
      )
      expect(await engine.machine(name).address()).toBe(address)
      expect(await on(engine, name, `getent hosts ${name}`)).toContain(address)
    }
    const [one, two] = instances.map(({ address }) => address)
    const knock = (address: string): string =>
      `python3 -c 'import socket; print(socket.create_connection(("${address}", 22), 5).recv(4))'`
    expect(await on(engine, "see-1", knock(two ?? ""))).toContain("SSH-")
    expect(await on(engine, "see-2", knock(one ?? ""))).toContain("SSH-")
    await Promise.all(["see-1", "see-2"].map((name) => engine.remove(name)))
  })

  it("keeps one instance's services apart from another's", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "echo baked >/srv/baked")
    await Promise.all(["apart-1", "apart-2"].map((name) => engine.create(wanted(name, { image: digest }))))
    await on(engine, "apart-1", "systemctl kill --signal=KILL ssh; systemctl stop ssh; sleep 0.2")
    expect(await on(engine, "apart-2", "systemctl is-active ssh")).toBe("active\n")
    await engine.remove("apart-1")
    expect(await on(engine, "apart-2", "systemctl is-active ssh; systemctl is-system-running")).toBe(
      "active\nrunning\n",
    )
    await engine.remove("apart-2")
  })

  if (capabilities.readOnlyInstances)
    it("lets an instance write to its scratch directories and volumes only", { timeout: patient }, async () => {
      const { digest } = await bake(
        engine,
        { base },
        "mkdir -p /srv/work/in; chown 12:34 /srv/work; echo here >/srv/work/in/file; mkdir /var/log/app",
      )
      const want = { ...wanted("write-1", { image: digest }), scratch: ["/srv/work", "/srv/fresh"], volumes: [data] }
      await engine.create(want)
      expect((await shell(engine, "write-1", "echo x >/etc/x || echo x >/x || echo x >/usr/x")).exitCode).not.toBe(0)
      await on(
        engine,
        "write-1",
        "for d in /srv/work/in /srv/fresh /srv/data /tmp /var/tmp /var/log/app /run; do echo x >$d/x; done",
      )
      expect(await on(engine, "write-1", "stat -c %u:%g /srv/work; cat /srv/work/in/file")).toBe("12:34\nhere\n")
      await engine.remove("write-1")
      await engine.create({ ...want, volumes: [] })
      expect(await on(engine, "write-1", "ls /srv/work/in /srv/fresh")).toBe("/srv/fresh:\n\n/srv/work/in:\nfile\n")
      await engine.remove("write-1")
    })

  it("keeps a volume's data when its instance is replaced", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "mkdir -p /srv/data; chown 12:34 /srv/data")
    const want = { ...wanted("keep-1", { image: digest }), volumes: [data] }
    await engine.create(want)
    await on(engine, "keep-1", "echo kept >/srv/data/kept")
    await engine.remove("keep-1")
    await engine.create({ ...want, name: "keep-2" })
    expect(await on(engine, "keep-2", "cat /srv/data/kept")).toBe("kept\n")
    await engine.remove("keep-2")
  })

  it("keeps what was written to a machine that stands on a base", { timeout: patient }, async () => {
    await engine.create(wanted("pet-1", { base }))
    const before = await on(
      engine,
      "pet-1",
      "echo kept >/etc/kept; cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub",
    )
    await engine.stop("pet-1")
    await again().start("pet-1")
    expect(await on(engine, "pet-1", "cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub /etc/kept")).toBe(
      `${before}kept\n`,
    )
    expect(await on(engine, "pet-1", "systemctl is-system-running")).toBe("running\n")
    await engine.remove("pet-1")
  })

  it("powers off gently, also while someone is on the machine", { timeout: patient }, async () => {
    await engine.create(wanted("gentle-1", { base }))
    const unit = "[Service]\nExecStart=/bin/sleep infinity\nExecStop=/bin/sh -c 'echo stopped >/etc/stopped'\n"
    const machine = engine.machine("gentle-1")
    await machine.sh("cat >/etc/systemd/system/x.service; systemctl daemon-reload; systemctl start x", {
      input: Buffer.from(unit),
    })
    await engine.stop("gentle-1")
    await engine.start("gentle-1")
    expect((await machine.sh("cat /etc/stopped")).stdout.toString()).toBe("stopped\n")
    await machine.close()
    await engine.remove("gentle-1")
  })
}

const destroyCases = ({ engine, again, capabilities }: Context, before: () => readonly string[]): void => {
  it("lists what it made and removes all of it", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "echo last >/srv/last")
    await engine.create({ ...wanted("last-1", { image: digest }), volumes: [data] })
    await engine.create(wanted("last-2", { base }))
    await engine.openScratch({ base })
    expect((await engine.inventory()).length).toBeGreaterThan(1)
    await again().destroy({ volumes: true })
    expect(await engine.inventory()).toEqual([])
    expect(await engine.list()).toEqual([])
    expect(await engine.image(digest)).toBeUndefined()
    if (capabilities.hostState !== undefined) expect(await capabilities.hostState()).toEqual(before())
  })

  it("has nothing against being asked twice, and can begin again", { timeout: patient }, async () => {
    await engine.destroy({ volumes: true })
    await engine.create(wanted("anew-1", { base }))
    expect((await engine.list()).map(({ name, running }) => ({ name, running }))).toEqual([
      { name: "anew-1", running: true },
    ])
    await engine.destroy({ volumes: false })
    expect(await engine.inventory()).toEqual([])
  })
}

const data = { name: "data", path: "/srv/data" } as const

const wanted = (name: string, from: InstanceWant["from"]): InstanceWant => ({
  name,
  from,
  fleet: "suite",
  volumes: [],
  scratch: [],
})

const bake = async (engine: Engine, from: InstanceWant["from"], script: string): Promise<Image> => {
  const scratch = await engine.openScratch(from)
  try {
    await must(scratch.machine, script)
    return await scratch.commit()
  } finally {
    await scratch.discard()
  }
}

const must = async (machine: Machine, script: string): Promise<string> => {
  const output = await machine.sh(script)
  expect({ exitCode: output.exitCode, stderr: output.stderr.toString() }).toEqual({ exitCode: 0, stderr: "" })
  return output.stdout.toString()
}

const onScratch = async (engine: Engine, image: Image, script: string): Promise<string> => {
  const scratch = await engine.openScratch({ image: image.digest })
  try {
    return await must(scratch.machine, script)
  } finally {
    await scratch.discard()
  }
}

const shell = async (engine: Engine, name: string, script: string) => {
  const machine = engine.machine(name)
  try {
    return await machine.sh(script)
  } finally {
    await machine.close()
  }
}

const on = async (engine: Engine, name: string, script: string): Promise<string> =>
  (await shell(engine, name, script)).stdout.toString()
