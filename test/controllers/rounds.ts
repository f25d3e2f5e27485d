import { once } from "node:events"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { start } from "../../src/system/process.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"
import type { Given, Order } from "./fleet.ts"

/** How one controller's part in a round ended: `done`, or a code, with what it was told. */
export interface End {
  readonly end: string
  readonly message?: string
}

/** What came of one round. */
export interface Round {
  readonly kind: RoundKind
  /** In a round with a controller that sleeps, where it was put to sleep. */
  readonly at?: string
  readonly winner: string
  /** What the other one got instead. */
  readonly code: string
  /** What is not as it should be. */
  readonly sins: readonly string[]
}

export type RoundKind = "one store" | "two stores" | "asleep"

/** Each moment at which a controller may be put to sleep. */
export const moments = ["upload", "launch", "verify", "confirm"] as const

/** Rounds of two controllers, as processes of their own, who both change one machine. */
export const playRounds = async (
  kind: RoundKind,
  count: number,
  onRound?: (round: Round) => void,
): Promise<readonly Round[]> => {
  const directory = await mkdtemp(join(tmpdir(), "fireclay-controllers-"))
  const shell = await openShellMachine("web1")
  const state = (name: string): string => join(directory, kind === "two stores" ? name : "shared")
  const open = (who: string): Controller => new Controller({ who, state: state(who), machine: shell.places })
  const pair: [Controller, Controller] = [open("ann"), open("bob")]
  const rounds: Round[] = []
  try {
    for (let index = 0; index < count; index += 1) {
      const play = kind === "asleep" ? playAsleep(shell, pair, index) : playTogether(shell, pair, index)
      const round = { ...(await play), kind }
      rounds.push(round)
      onRound?.(round)
    }
    return rounds
  } finally {
    await Promise.all(pair.map((controller) => controller.end()))
    await shell.dispose()
    await rm(directory, { recursive: true, force: true })
  }
}

/** Both have looked and been told to go on. They begin at about the same time: each wins by a hair. */
const playTogether = async (
  shell: ShellMachine,
  pair: readonly Controller[],
  index: number,
): Promise<Omit<Round, "kind">> => {
  const before = (await diaryOn(shell)).length
  const versions = pair.map(({ who }) => `${index}-${who}${index % 3 === 2 ? "-slow" : ""}`)
  await Promise.all(pair.map((each, at) => each.ask({ plan: versions[at] ?? "" }, "planned")))
  const lead = ((index * 37) % 120) - 60
  const ends = await Promise.all(
    pair.map((each, at) => each.tell({ apply: versions[at] ?? "", afterMs: Math.max(0, at === 0 ? lead : -lead) })),
  )
  const won = ends.findIndex(({ end }) => end === "done")
  const [winner = "", loser = ends[0]] = [pair[won]?.who, ends[1 - won]]
  const version = versions[won] ?? ""
  const diary = (await diaryOn(shell)).slice(before)
  return {
    winner,
    code: loser?.end ?? "",
    sins: [
      ...(ends.filter(({ end }) => end === "done").length === 1 ? [] : [`ended ${JSON.stringify(ends)}`]),
      ...(refusals.has(loser?.end ?? "") ? [] : [`refused with ${JSON.stringify(loser)}`]),
      ...(loser?.message?.includes(`${winner}@here`) === true ? [] : [`not told who: ${loser?.message}`]),
      ...(diary.join() === `begin ${version},end ${version}` ? [] : [`diary ${diary.join()}`]),
      ...(await wrongOn(shell, version)),
    ],
  }
}

/** One falls asleep on the way; the other takes over and changes the machine; then the first wakes and goes on. */
const playAsleep = async (
  shell: ShellMachine,
  [sleeper, other]: readonly [Controller, Controller],
  index: number,
): Promise<Omit<Round, "kind">> => {
  const before = (await diaryOn(shell)).length
  const at = moments[index % moments.length] ?? "upload"
  const [late, version] = [`${index}-${sleeper.who}`, `${index}-${other.who}`]
  await sleeper.ask({ plan: late }, "planned")
  const asleep = sleeper.tell({ apply: late, pauseAt: at })
  await sleeper.heard("at")
  sleeper.signal("SIGSTOP")
  await other.ask({ unlock: true }, "unlocked")
  await other.ask({ plan: version }, "planned")
  const { end, message } = await other.tell({ apply: version })
  const [diary, wrong] = [(await diaryOn(shell)).slice(before), await wrongOn(shell, version)]
  sleeper.signal("SIGCONT")
  const woke = await asleep
  const after = (await diaryOn(shell)).slice(before)
  const own = at === "upload" || at === "launch" ? "" : `begin ${late},end ${late},undone ${late},`
  return {
    at,
    winner: other.who,
    code: woke.end,
    sins: [
      ...(end === "done" ? [] : [`the other one ended with ${end} ${message}`]),
      ...(takenOver.has(woke.end) ? [] : [`woke, and ended with ${JSON.stringify(woke)}`]),
      ...(diary.join() === `${own}begin ${version},end ${version}` ? [] : [`diary ${diary.join()}`]),
      ...(after.join() === diary.join() ? [] : [`woke, and did ${after.slice(diary.length).join()}`]),
      ...wrong,
      ...(await wrongOn(shell, version)),
    ],
  }
}

const refusals: ReadonlySet<string> = new Set([
  "FC_LEASE_HELD",
  "FC_MACHINE_LOCKED",
  "FC_PLAN_STALE",
  "FC_ROLLOUT_REVERTED",
])
const takenOver: ReadonlySet<string> = new Set(["FC_LEASE_LOST", "FC_FENCED"])

const diaryOn = async ({ root }: ShellMachine): Promise<readonly string[]> => {
  const text = await readFile(join(root, "diary"), "utf8").catch(() => "")
  return text.split("\n").filter((line) => line !== "")
}

/** What stands on the machine, if it is not this version through and through. */
const wrongOn = async ({ root, home }: ShellMachine, version: string): Promise<readonly string[]> => {
  const found = await Promise.all(
    ["version", "version again"].map((name) => readFile(join(root, name), "utf8").catch(() => "nothing")),
  )
  const state = await readFile(join(home, "current.json"), "utf8").catch(() => "")
  return [
    ...(found.join() === `${version},${version}` ? [] : [`the machine has ${found.join()}`]),
    ...(state.includes(`command:begin ${version}`) ? [] : ["the machine says that it is at another release"]),
  ]
}

/** A controller in a process of its own. */
class Controller {
  readonly who: string
  readonly #child: ReturnType<typeof start>
  readonly #heard: Record<string, unknown>[] = []
  #stderr = ""
  #wake: () => void = () => undefined

  constructor(given: Given) {
    this.who = given.who
    const script = join(import.meta.dirname, "controller.ts")
    this.#child = start([process.execPath, "--conditions=fireclay-source", script, JSON.stringify(given)], {
      stdio: ["pipe", "pipe", "pipe"],
    })
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString()
    })
    this.#child.once("close", () => this.#wake())
    if (this.#child.stdout !== null)
      createInterface({ input: this.#child.stdout }).on("line", (line) => {
        this.#heard.push(JSON.parse(line) as Record<string, unknown>)
        this.#wake()
      })
  }

  /** Gives an order, and waits until it is carried out. */
  async ask(order: Order, answer: string): Promise<void> {
    this.#say(order)
    const heard = await this.heard(answer, "end")
    if (!(answer in heard)) throw new Error(`${this.who}: ${JSON.stringify(heard)}`)
  }

  async tell(order: Order): Promise<End> {
    this.#say(order)
    return (await this.heard("end")) as unknown as End
  }

  /** The next message that has one of these keys. */
  async heard(...keys: readonly string[]): Promise<Record<string, unknown>> {
    for (;;) {
      const index = this.#heard.findIndex((message) => keys.some((key) => key in message))
      const [found] = index < 0 ? [] : this.#heard.splice(index, 1)
      if (found !== undefined) return found
      if (this.#child.exitCode !== null) throw new Error(`${this.who} ended: ${this.#stderr}`)
      await new Promise<void>((resolve) => {
        const before = this.#wake
        this.#wake = () => {
          before()
          resolve()
        }
      })
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const closed = once(this.#child, "close")
    this.#child.kill("SIGCONT")
    this.#child.stdin?.end()
    await closed
  }

  #say(order: Order): void {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`)
  }
}
