import { expect, it } from "vitest"
import { bake, base, type EngineContext, must, on, onScratch, patient, wanted } from "./engine-support.ts"

/** What an engine that runs real scripts must keep of them in an image. */
export const bakeCases = ({ engine }: EngineContext): void => {
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
