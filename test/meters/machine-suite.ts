import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Engine, Machine, Metered } from "../../src/contract/index.ts"
import { type MeasuredUse, type MeterOptions, openMeter } from "../../src/meters/index.ts"
import { openMachine } from "../../src/meters/machine-meter.ts"
import { base, wanted } from "../../src/testing/engine-support.ts"

export interface MeteredEngine {
  readonly engine: () => Engine
  readonly metered: () => Metered
  /** Wraps a script so that it is of the machine itself, not brought in by a session. Absent: a session is of the machine. */
  readonly within?: (script: string) => string
}

/** What the meter says of real machines, held against what the kernel says in them. */
export const machineSuite = (name: string, { engine, metered, within }: MeteredEngine): void => {
  const machines = new Map<string, Machine>()
  const machineOf = (machine: string): Machine => {
    const found = machines.get(machine) ?? engine().machine(machine)
    machines.set(machine, found)
    return found
  }
  const on = async (machine: string, script: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await machineOf(machine).sh(script)
    if (exitCode !== 0) throw new Error(`${script} ended with ${exitCode}: ${stderr.toString()}`)
    return stdout.toString()
  }
  const during = async (action: () => Promise<void>, options: Partial<MeterOptions> = {}): Promise<MeasuredUse> => {
    const meter = await openMeter({ metered: metered(), steady: 2, ...options })
    await action()
    return meter.close()
  }

  describe(`${name}: what machines use`, () => {
    beforeAll(async () => {
      await engine().ensureBase(base)
      await Promise.all(["one", "two"].map((machine) => engine().create(wanted(machine, { base }))))
      // What starts with a machine is over.
      for (const machine of ["one", "two"]) await on(machine, "sync")
      await sleep(2000)
    })
    afterAll(async () => {
      await Promise.all([...machines.values()].map((machine) => machine.close()))
      await engine().destroy({ volumes: true })
    })

    it("is next to nothing when nothing happens", async () => {
      const { fleet } = await during(() => sleep(1000))
      expect(fleet.cpuSeconds).toBeLessThan(0.1)
      expect(fleet.diskWrittenBytes).toBeLessThan(mega)
      expect(fleet.networkBytes).toBeLessThan(mega / 100)
      expect(fleet.extraMachineSeconds).toBe(0)
    })

    it.each(["by a session", ...(within === undefined ? [] : ["of its own"])])("processor time, %s", async (whose) => {
      let said = 0
      const burn = async (machine: string): Promise<void> => {
        const output = await on(machine, whose === "of its own" && within !== undefined ? within(burning) : burning)
        said += cpuIn(output)
      }
      const { fleet } = await during(async () => {
        await Promise.all([burn("one"), burn("two")])
      })
      expect(said).toBeGreaterThan(1)
      near(fleet.cpuSeconds, said, 0.1)
    })

    it("what they wrote to the disk, and what of it is kept", async () => {
      const { fleet } = await during(async () => {
        await on("one", "dd if=/dev/zero of=/root/kept bs=1M count=50 conv=fsync 2>&1")
        await on("two", "dd if=/dev/zero of=/root/gone bs=1M count=20 conv=fsync 2>&1; rm /root/gone; sync")
      })
      near(fleet.diskWrittenBytes, 70 * mega, mega)
      near(fleet.diskKeptBytes, 50 * mega, mega)
    })

    it("what went over their links", async () => {
      const sent = Buffer.alloc(10 * mega, 1)
      const server = createServer((socket) => socket.end(sent)).listen(0, "0.0.0.0")
      await once(server, "listening")
      const { port } = server.address() as AddressInfo
      const { fleet } = await during(async () => {
        await on("one", receiving((await engine().machine("one").address()).replace(/\d+$/, "1"), port))
      })
      server.close()
      near(fleet.networkBytes, sent.length, 0)
    })

    it("what they held at the same time", async () => {
      const idle = await during(() => sleep(500))
      const { fleet } = await during(async () => {
        await Promise.all([on("one", holding(100)), on("two", holding(60))])
      })
      near(fleet.peakMemoryBytes - idle.fleet.peakMemoryBytes, 160 * mega, 0)
    })

    it("of those that come and go, too", async () => {
      let said = 0
      const { fleet } = await during(async () => {
        const began = performance.now()
        await engine().create(wanted("three", { base }))
        await engine().create(wanted("four", { base }))
        said = cpuIn(await on("three", burning))
        await on("three", "dd if=/dev/zero of=/root/x bs=1M count=30 conv=fsync 2>&1")
        await sleep(Math.max(0, 3000 - (performance.now() - began)))
        await engine().remove("three")
        await engine().remove("four")
      })
      expect(fleet.cpuSeconds).toBeGreaterThan(said)
      near(fleet.diskWrittenBytes, 30 * mega, 12 * mega)
      expect(fleet.diskKeptBytes).toBeLessThan(mega)
      expect(fleet.extraMachineSeconds).toBeGreaterThan(3.5)
      expect(fleet.extraMachineSeconds).toBeLessThan(10)
    })

    it("is not what the controller used that works on them", async () => {
      let said = 0
      const { fleet, controller } = await during(
        async () => {
          said = cpuIn(await on("one", burning))
          // Now its shell ends, and this process has waited for it.
          await machineOf("one").close()
          await sleep(300)
        },
        { pids: [process.pid] },
      )
      near(fleet.cpuSeconds, said, 0.1)
      expect(controller.cpuSeconds).toBeLessThan(0.5)
    })

    it("is looked at in less than 5 ms for each of them", async () => {
      const [machine] = await metered().machines()
      if (machine === undefined) throw new Error("nothing runs")
      const meter = openMachine(machine)
      meter.read()
      const began = performance.now()
      for (let look = 0; look < 50; look++) meter.read()
      expect((performance.now() - began) / 50).toBeLessThan(5)
    })
  })
}

const mega = 2 ** 20

/** Within a tenth, and what else may happen meanwhile. */
const near = (measured: number, said: number, besides: number): void => {
  expect(measured).toBeGreaterThan(0.9 * said)
  expect(measured).toBeLessThan(1.1 * said + besides)
}

/** Some seconds; then the shell's own times, and its children's. */
const burning = `sh -c 'i=0; while [ $i -lt 500000 ]; do i=$((i + 1)); done'; i=0; while [ $i -lt 500000 ]; do i=$((i + 1)); done; times`

/** The last two lines of what `times` says: `0m0.52s 0m0.01s`. */
const cpuIn = (output: string): number =>
  [...output.matchAll(/(\d+)m([\d.]+)s/g)].reduce((seconds, [, m, s]) => seconds + 60 * Number(m) + Number(s), 0)

const receiving = (host: string, port: number): string => `bash -c 'cat </dev/tcp/${host}/${port} >/dev/null'`

/** Perl, for every Debian has it. */
const holding = (megabytes: number): string =>
  `perl -e '$n = ${megabytes} << 20; $x = "a"; $x x= $n; select(undef, undef, undef, 1.2)'`
