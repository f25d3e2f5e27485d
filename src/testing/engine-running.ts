import { expect, it } from "vitest"
import { bake, base, data, type EngineContext, instanceWant, on, patient, shell, wanted } from "./engine-support.ts"

/** What a machine of an engine that runs real scripts must do, whatever runs in it. */
export const runningCases = ({ engine, again, capabilities }: EngineContext): void => {
  if (capabilities.readOnlyInstances)
    it("lets an instance write to its scratch directories and volumes only", { timeout: patient }, async () => {
      const { digest } = await bake(
        engine,
        { base },
        "mkdir -p /srv/work/in; chown 12:34 /srv/work; echo here >/srv/work/in/file; mkdir /var/log/app; echo x >/srv/baked",
      )
      const want = {
        ...instanceWant(capabilities, "write-1", digest),
        scratch: ["/srv/work", "/srv/fresh"],
        volumes: [data],
      }
      await engine.create(want)
      expect((await shell(engine, "write-1", "echo x >/etc/x || echo x >/x || echo x >/usr/x")).exitCode).not.toBe(0)
      const written =
        "for d in /srv/work/in /srv/fresh /srv/data /tmp /var/tmp /var/log/app /run; do echo x >$d/x || echo $d; done"
      expect(await on(engine, "write-1", written)).toBe("")
      expect(await on(engine, "write-1", "stat -c %u:%g /srv/work; cat /srv/work/in/file")).toBe("12:34\nhere\n")
      await engine.remove("write-1")
      await engine.create({ ...want, volumes: [] })
      expect(await on(engine, "write-1", "ls /srv/work/in /srv/fresh")).toBe("/srv/fresh:\n\n/srv/work/in:\nfile\n")
      await engine.remove("write-1")
    })

  it("keeps a volume's data when its instance is replaced", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "mkdir -p /srv/data; chown 12:34 /srv/data; echo x >/srv/baked")
    const want = { ...instanceWant(capabilities, "keep-1", digest), volumes: [{ ...data, name: "kept" }] }
    await engine.create(want)
    await on(engine, "keep-1", "echo kept >/srv/data/kept")
    expect(await on(engine, "keep-1", "stat -c %u:%g /srv/data")).toBe("12:34\n")
    await engine.remove("keep-1")
    await engine.create({ ...want, name: "keep-2" })
    expect(await on(engine, "keep-2", "cat /srv/data/kept")).toBe("kept\n")
    await engine.remove("keep-2")
  })

  it("keeps what was written to a machine that stands on a base", { timeout: patient }, async () => {
    await engine.create(wanted("pet-1", { base }))
    const before = await on(engine, "pet-1", "echo kept >/etc/kept; cat /etc/machine-id; hostname")
    await engine.stop("pet-1")
    await again().start("pet-1")
    expect(await on(engine, "pet-1", "cat /etc/machine-id; hostname; cat /etc/kept")).toBe(`${before}kept\n`)
    await engine.remove("pet-1")
  })
}
