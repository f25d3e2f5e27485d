import { setTimeout as sleep } from "node:timers/promises"
import { expect, it } from "vitest"
import type { Engine } from "../contract/index.ts"
import { bake, base, data, type EngineContext, instanceWant, on, patient, server } from "./engine-support.ts"

/** What instances of an image must do that run one program and no systemd. */
export const programCases = (context: EngineContext): void => {
  servingCases(context)
  givenCases(context)
  endingCases(context)
}

const servingCases = ({ engine, capabilities }: EngineContext): void => {
  const want = (name: string, digest: string) => instanceWant(capabilities, name, digest)

  it("runs the program as its unit would", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "echo baked >/srv/baked")
    const instances = await Promise.all(["see-1", "see-2"].map((name) => engine.create(want(name, digest))))
    for (const { name, address } of instances) {
      expect(await answer(address, "/")).toBe("baked\n")
      const self = JSON.parse(await answer(address, "/self"))
      expect(self).toMatchObject({ user: 5, group: 60, directory: "/srv", newPrivileges: false })
      expect(self.environment).toMatchObject({ ...server.environment, USER: "games", LANG: "C.UTF-8" })
      expect(self.environment.HOME).toBe("/usr/games")
      expect(Object.keys(self.environment).filter((variable) => variable.startsWith("FIRECLAY"))).toEqual([])
      expect(await on(engine, name, "cat /srv/baked; hostname")).toBe(`baked\n${name}\n`)
      expect(await engine.machine(name).address()).toBe(address)
      expect(await on(engine, name, `getent hosts ${name}`)).toContain(address)
    }
    const [one, two] = instances.map(({ address }) => address)
    const ask = (address: string): string =>
      `python3 -c 'import urllib.request; print(urllib.request.urlopen("http://${address}/", timeout=5).read())'`
    expect(await on(engine, "see-1", ask(two ?? ""))).toContain("baked")
    expect(await on(engine, "see-2", ask(one ?? ""))).toContain("baked")
    await Promise.all(["see-1", "see-2"].map((name) => engine.remove(name)))
  })

  it("starts it again when it ends, and leaves others alone", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "echo baked >/srv/baked")
    const [one] = await Promise.all(["crash-1", "crash-2"].map((name) => engine.create(want(name, digest))))
    const before = await Promise.all(["crash-1", "crash-2"].map((name) => begun(engine, name)))
    await answer(one?.address, "/")
    // Where the program's end ends the container, the shell on it ends too.
    await on(engine, "crash-1", `pkill --signal KILL ${program}`).catch(() => undefined)
    await restarted(engine, "crash-1", before[0] ?? "")
    expect(await answer(one?.address, "/")).toBe("baked\n")
    expect(await begun(engine, "crash-2")).toBe(before[1])
    await Promise.all(["crash-1", "crash-2"].map((name) => engine.remove(name)))
  })
}

const givenCases = ({ engine, capabilities }: EngineContext): void => {
  it.each([
    ["plain", { plainStartFiles: true }],
    ["secret", {}],
  ] as const)("gives it variables from %s start files, at each start", { timeout: patient }, async (kind, how) => {
    const { digest } = await bake(engine, { base }, "echo baked >/srv/baked")
    const name = `given-${kind}`
    const line = (self: { readonly name: string }) =>
      Buffer.from(`WORD="${self.name} \\"q\\" \\\\ \\$HOME \\\`x\\\`"\n`)
    const process = { ...server, environmentFiles: ["/run/fireclay/self.env", "/run/fireclay/not-there.env"] }
    const { address } = await engine.create({
      ...instanceWant(capabilities, name, digest, process),
      startFiles: (self) => new Map([["self.env", line(self)]]),
      ...how,
    })
    const expected = { ...server.environment, WORD: `${name} "q" \\ $HOME \`x\`` }
    expect(JSON.parse(await answer(address, "/self")).environment).toMatchObject(expected)
    expect(await on(engine, name, "stat -c %a%U /run/fireclay/self.env")).toBe("600root\n")
    const before = await begun(engine, name)
    await on(engine, name, `pkill --signal KILL ${program}`).catch(() => undefined)
    await restarted(engine, name, before)
    expect(JSON.parse(await answer(address, "/self")).environment).toMatchObject(expected)
    await engine.remove(name)
  })

  it("tells what it said last", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "echo baked >/srv/baked")
    const { address } = await engine.create(instanceWant(capabilities, "words-1", digest))
    await answer(address, "/")
    const lines = await engine.machine("words-1").lastWords?.(12)
    expect(lines?.length).toBeLessThanOrEqual(12)
    expect(lines).toContainEqual(expect.stringContaining("it serves"))
    await engine.remove("words-1")
  })
}

const endingCases = ({ engine, capabilities }: EngineContext): void => {
  it("lets a program that has data end in its own time", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "mkdir -p /srv/data")
    const script =
      'trap "sleep 0.3; echo ended >>/srv/data/ended; exit 0" TERM; echo ready >/srv/data/ready; while :; do sleep 0.05; done'
    const process = { command: ["/bin/sh", "-c", script], environment: {} }
    await engine.create({ ...instanceWant(capabilities, "gentle-1", digest, process), volumes: [data] })
    await ready(engine)
    await engine.stop("gentle-1")
    await engine.start("gentle-1")
    await ready(engine)
    expect(await on(engine, "gentle-1", "cat /srv/data/ended")).toBe("ended\n")
    await engine.remove("gentle-1")
  })

  it("gives each start an empty /tmp", { timeout: patient }, async () => {
    const { digest } = await bake(engine, { base }, "echo baked >/srv/baked")
    await engine.create(instanceWant(capabilities, "tmp-1", digest))
    await on(engine, "tmp-1", "echo x >/tmp/x; echo x >/run/x")
    await engine.stop("tmp-1")
    await engine.start("tmp-1")
    expect(await on(engine, "tmp-1", "ls /tmp; ls /run/x 2>/dev/null; stat -c %a /tmp")).toBe("1777\n")
    await engine.remove("tmp-1")
  })
}

const ready = async (engine: Engine): Promise<void> => {
  await on(engine, "gentle-1", "until [ -e /srv/data/ready ]; do sleep 0.02; done; rm /srv/data/ready")
}

/** The program's answer, once it gives one. */
const answer = async (address: string | undefined, path: string): Promise<string> => {
  for (;;) {
    try {
      return await (await fetch(`http://${address}${path}`)).text()
    } catch {
      await sleep(20)
    }
  }
}

/** When the program was started, once it runs, in ticks since this computer was: a later one differs. */
const begun = async (engine: Engine, name: string): Promise<string> => {
  for (;;) {
    const ticks = await on(engine, name, beginning).catch(() => "")
    if (ticks !== "") return ticks
    await sleep(50)
  }
}

const program = "--uid games --full serve_forever"
const beginning = `p=$(pgrep --oldest ${program}) && cut -d" " -f22 "/proc/$p/stat"`

const restarted = async (engine: Engine, name: string, before: string): Promise<void> => {
  while ((await begun(engine, name)) === before) await sleep(50)
}
