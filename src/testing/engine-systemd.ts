import { expect, it } from "vitest"
import { bake, base, type EngineContext, instanceWant, on, patient, wanted } from "./engine-support.ts"

/** What instances of an image must do that boot systemd. */
export const bootedInstanceCases = ({ engine, capabilities }: EngineContext): void => {
  it("runs instances that see what was baked and whose systemd is content", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "echo baked >/srv/baked")
    const instances = await Promise.all(
      ["see-1", "see-2"].map((name) => engine.create(instanceWant(capabilities, name, digest))),
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
    await Promise.all(["apart-1", "apart-2"].map((name) => engine.create(instanceWant(capabilities, name, digest))))
    await on(engine, "apart-1", "systemctl kill --signal=KILL ssh; systemctl stop ssh; sleep 0.2")
    expect(await on(engine, "apart-2", "systemctl is-active ssh")).toBe("active\n")
    await engine.remove("apart-1")
    expect(await on(engine, "apart-2", "systemctl is-active ssh; systemctl is-system-running")).toBe(
      "active\nrunning\n",
    )
    await engine.remove("apart-2")
  })
}

/** The same for machines that stand on a base. */
export const bootedMachineCases = ({ engine, again }: EngineContext): void => {
  it("keeps the host key of a machine, and its systemd content", { timeout: patient }, async () => {
    await engine.create(wanted("key-1", { base }))
    const before = await on(engine, "key-1", "cat /etc/ssh/ssh_host_ed25519_key.pub")
    await engine.stop("key-1")
    await again().start("key-1")
    expect(await on(engine, "key-1", "cat /etc/ssh/ssh_host_ed25519_key.pub; systemctl is-system-running")).toBe(
      `${before}running\n`,
    )
    await engine.remove("key-1")
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
