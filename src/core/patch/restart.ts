import { FireclayError, type Fleet, isFireclayError, type Machine } from "../../contract/index.ts"
import { type LeasedBench, refuseStopped } from "../lease.ts"
import { provision } from "../machines.ts"
import { quote } from "../quote.ts"
import { staleLibrary } from "../transaction/library.ts"
import { home } from "../transaction/paths.ts"

/** Whether what was installed only counts once the machine has started anew. */
export const mustRestart = async (machine: Machine): Promise<boolean> =>
  (await machine.sh(`${await staleLibrary()}\nreboot_reasons\nexit 0`)).stdout.length > 0

/**
 * Starts a machine anew and waits until it is up. Its last change has to be confirmed: an open one is undone at boot. A local
 * machine is started by its engine, the others come back by themselves.
 *
 * @param withinMs how long it may be away
 * @throws FireclayError FC_REBOOT
 */
export const restartMachine = async (
  bench: LeasedBench,
  fleet: Fleet,
  machine: Machine,
  withinMs: number,
): Promise<void> => {
  const tell = (doing: string): void => bench.progress({ fleet: fleet.name, member: machine.name, doing })
  const { life } = await lifeOf(machine)
  tell("starting the machine anew")
  await machine.sh(`setsid sh -c ${quote(startAnew)} >/dev/null 2>&1 </dev/null & exit 0`)
  const deadline = bench.now() + withinMs
  while (bench.now() < deadline) {
    await bench.sleep(500, bench.signal)
    refuseStopped(bench.signal, machine.name)
    if (await isBack(bench, fleet, machine, life)) {
      tell("is up again")
      return
    }
  }
  throw new FireclayError("FC_REBOOT", `${machine.name} did not come back within ${Math.round(withinMs / 1000)} s`, {
    at: machine.name,
    remedy: "see at its console; its packages are patched, and once it is back: fireclay patch",
  })
}

/** Once it has taken its baseline: what that is cut off in would count as drift. */
const startAnew = `
lock=${home}/baseline/lock
[ ! -e "$lock" ] || flock -w 120 "$lock" true
sleep 0.3
systemctl reboot || reboot`

const isBack = async (bench: LeasedBench, fleet: Fleet, machine: Machine, before: string): Promise<boolean> => {
  try {
    await provision(bench, fleet, new Set([machine.name]))
    const { life, state } = await lifeOf(machine)
    return life !== before && !booting.has(state)
  } catch (error) {
    if (isFireclayError(error) && away.has(error.code)) return false
    throw error
  }
}

const away: ReadonlySet<string> = new Set(["FC_MACHINE_UNREACHABLE", "FC_MACHINE_COMMAND"])

/** As `systemctl is-system-running` has it. */
const booting: ReadonlySet<string> = new Set(["initializing", "starting", "stopping"])

/** Another one after each start: a container has the boot id of its host, and so its first process says it. */
const lifeOf = async (machine: Machine): Promise<{ readonly life: string; readonly state: string }> => {
  const { stdout } = await machine.sh(askLife)
  const [boot = "", since = "", state = ""] = stdout.toString().trim().split("\n")
  return { life: `${boot} ${since}`, state }
}

const askLife = `
cat /proc/sys/kernel/random/boot_id
sed 's/.*) //' /proc/1/stat | cut -d' ' -f20
systemctl is-system-running 2>/dev/null
exit 0`
