import { type Engine, FireclayError, type Machine } from "../../contract/index.ts"
import { refuseStopped } from "../lease.ts"
import { quote } from "../quote.ts"
import type { Manifest } from "../release.ts"
import { unitName } from "../run-unit.ts"
import type { Workbench } from "../workbench.ts"

/**
 * Waits until a machine serves well. A manifest without a health check passes.
 *
 * @throws FireclayError FC_UNHEALTHY with the last lines that its program said; FC_CANCELLED; FC_LEASE_LOST
 */
export const healthGate = async (
  bench: Workbench,
  machine: Machine,
  manifest: Manifest,
  signal?: AbortSignal,
): Promise<void> => {
  const { health, port } = manifest
  if (health === undefined || port === undefined) return
  const result = await bench.probe({ address: await machine.address(), port, health }, signal)
  if (result.healthy) return
  refuseStopped(signal, machine.name)
  throw new FireclayError(
    "FC_UNHEALTHY",
    `${machine.name} was not healthy within ${health.withinMs / 1000} s: ${result.lastError}`,
    {
      at: machine.name,
      remedy: "the last lines of its program are above",
      details: await lastWords(machine, unitName({ name: manifest.spec })),
    },
  )
}

/**
 * The same of an instance, which is not waited for once it has ended: two looks in a row that do not find it running, a
 * second apart, since what starts programs again may be at it.
 *
 * @throws FireclayError as `healthGate`
 */
export const gateWhileRunning = async (
  bench: Workbench,
  engine: Engine,
  name: string,
  manifest: Manifest,
): Promise<void> => {
  const over = new AbortController()
  const signal = bench.signal === undefined ? over.signal : AbortSignal.any([bench.signal, over.signal])
  try {
    await Promise.race([healthGate(bench, engine.machine(name), manifest, signal), ended(bench, engine, name, signal)])
  } finally {
    over.abort()
  }
}

/** Never, unless it ends. */
const ended = async (bench: Workbench, engine: Engine, name: string, signal: AbortSignal): Promise<never> => {
  for (let missed = 0; missed < 2 && !signal.aborted; ) {
    await bench.sleep(1_000, signal)
    // An engine that cannot be asked says nothing about its instances.
    const found = await engine.list().catch(() => undefined)
    missed = found?.some((each) => each.name === name && each.running) === false ? missed + 1 : 0
  }
  if (signal.aborted) return new Promise(() => undefined)
  throw new FireclayError("FC_UNHEALTHY", `${name} ended before it was healthy`, {
    at: name,
    remedy: "see what ended it; the next apply makes another one",
  })
}

/**
 * Asks a machine that was well whether it still is. It may answer badly for as many seconds as its health check bears
 * failures, or recover in the time that it has to become healthy.
 *
 * @throws FireclayError FC_UNHEALTHY, FC_CANCELLED, FC_LEASE_LOST
 */
export const stillWell = async (bench: Workbench, machine: Machine, manifest: Manifest): Promise<void> => {
  const { health } = manifest
  if (health === undefined) return
  const withinMs = health.failures === undefined ? health.withinMs : health.failures * 1_000
  await healthGate(bench, machine, { ...manifest, health: { ...health, withinMs, successes: 1 } }, bench.signal)
}

const wellWithinMs = 5_000

/**
 * Whether a machine that is up answers well. It gets a few seconds, not the time in which it may start.
 *
 * @throws FireclayError FC_CANCELLED, FC_LEASE_LOST
 */
export const isWell = async (bench: Workbench, machine: Machine, manifest: Manifest): Promise<boolean> => {
  const { health, port } = manifest
  if (health === undefined || port === undefined) return true
  const withinMs = Math.min(health.withinMs, wellWithinMs)
  const target = { address: await machine.address(), port, health: { ...health, withinMs, successes: 1 } }
  const { healthy } = await bench.probe(target, bench.signal)
  if (!healthy) refuseStopped(bench.signal, machine.name)
  return healthy
}

/** Looks on for a while. */
export const watch = async (bench: Workbench, machine: Machine, manifest: Manifest, forMs: number): Promise<void> => {
  const end = bench.now() + forMs
  while (bench.now() < end) {
    await bench.sleep(Math.min(1_000, end - bench.now()), bench.signal)
    refuseStopped(bench.signal, machine.name)
    await stillWell(bench, machine, manifest)
  }
}

/** What a unit said last. */
export const lastWords = async (machine: Machine, unit: string): Promise<readonly string[]> => {
  const said = await machine.lastWords?.(12)
  if (said !== undefined) return said
  const { stdout } = await machine.sh(`journalctl -q -o cat -n 12 -u ${quote(unit)} 2>/dev/null; exit 0`)
  return stdout
    .toString()
    .trimEnd()
    .split("\n")
    .filter((line) => line !== "")
}
