import { expect, it } from "vitest"
import { bake, base, data, type EngineContext, on, patient, shell, wanted } from "./engine-support.ts"

/** What a machine of an engine that runs real scripts must do. */
export const runningCases = (context: EngineContext): void => {
  servingCases(context)
  lastingCases(context)
}

const servingCases = ({ engine, capabilities }: EngineContext): void => {
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
}

/** What outlives an instance, and what a stop leaves. */
const lastingCases = ({ engine, again }: EngineContext): void => {
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
