import type { Step } from "../../../contract/index.ts"
import type { Finding, Told } from "../judge.ts"
import type { ThingChange } from "../survey.ts"
import type { Answers, Holder } from "./ask.ts"
import { command, isCentral, type Left, type Mend } from "./mend.ts"

type Mender = (told: Told & { readonly thing: ThingChange }, answers: Answers) => Mend | Left

/** Whatever is no file, no account and no package: what runs, and the kernel. */
export const mendThing: Mender = (told, answers) =>
  menders[told.finding.kind]?.(told, answers) ?? { finding: told.finding, why: "nobody knows how" }

const mendUnit: Mender = ({ finding, thing: { name, before, after } }, { units }) => {
  if (before !== undefined && after !== undefined) return { finding, why: "it runs, if otherwise than before" }
  if (before !== undefined)
    return { finding, doing: "start", phase: "units", steps: [{ do: "start-unit", unit: name }] }
  const said = units.get(name) ?? ""
  const isLasting = said.includes("LoadState=loaded") && !said.includes("Transient=yes")
  // One that was only ever told to systemd is forgotten when it stops.
  const stop: Step = isLasting ? { do: "stop-unit", unit: name } : command(["systemctl", "stop", "--", name])
  return { finding, doing: "stop", phase: "end", steps: [stop] }
}

const mendRunning: Mender = ({ finding, thing: { kind, name, after } }, { holders, units }) => {
  if (after === undefined) return { finding, why: "it is gone; what had started it, nobody knows" }
  const who = holders.get(`${kind} ${name}`) ?? []
  if (who.length === 0) return { finding, why: "the process cannot be told any more" }
  if (who.some(({ pid }) => pid === "1")) return { finding, why: "it is the first of all: systemctl daemon-reexec" }
  const services = [...new Set(who.map(({ service }) => service).filter((service) => service !== ""))]
  const central = services.find(isCentral)
  if (central !== undefined) return { finding, why: `to restart ${central} would end sessions: restart the machine` }
  // A service that nobody asked for is stopped as such.
  const restarts = services.filter((service) => !units.has(service))
  const alone = who.filter(({ service }) => service === "")
  const steps: readonly Step[] = [
    ...(alone.length === 0 ? [] : [endProcesses(alone)]),
    ...restarts.map((unit) => ({ do: "restart-unit" as const, unit })),
  ]
  const doing = [
    ...(alone.length === 0 ? [] : [`end process ${alone.map(({ pid }) => pid).join(", ")}`]),
    ...restarts.map((unit) => `restart ${unit}`),
    ...(steps.length === 0 ? services.map((service) => `goes with ${service}`) : []),
  ]
  return { finding, doing: doing.join(", "), phase: restarts.length === 0 ? "end" : "units", steps }
}

/** Only those that were meant: a number may have become another's. */
const endProcesses = (who: readonly Holder[]): Step =>
  command(["sh", "-c", endScript, "end", ...who.flatMap(({ pid, began }) => [pid, began])])

const endScript = [
  'is() { [ "$(sed "s/.*) //" "/proc/$1/stat" 2>/dev/null | cut -d " " -f 20)" = "$2" ]; }',
  'end() { ! is "$1" "$2" || kill "-$3" "$1" 2>/dev/null; }',
  "while [ $# -gt 1 ]; do",
  'end "$1" "$2" TERM; tries=0',
  'while is "$1" "$2" && [ "$tries" -lt 20 ]; do sleep 0.1; tries=$((tries + 1)); done',
  'end "$1" "$2" KILL; shift 2; done',
].join("\n")

const mendMount: Mender = ({ finding, thing: { name, before, after } }) => {
  const mount = (as: string): readonly string[] => {
    const [source = "", type = "", ...options] = as.split(" ")
    return ["mount", "-t", type, "-o", options.join(",") || "rw", "--", source, name]
  }
  const isPlain = (as: string): boolean => /^\/dev\/|^\S+ tmpfs /.test(as)
  if (before === undefined) {
    // What is only in memory goes with it.
    const undo = after?.startsWith("/dev/") === true ? mount(after) : undefined
    return { finding, doing: "unmount", phase: "end", steps: [command(["umount", "--", name], undo)] }
  }
  if (after === undefined)
    return isPlain(before)
      ? { finding, doing: "mount", phase: "packages", steps: [command(mount(before), ["umount", "--", name])] }
      : { finding, why: "how it was mounted cannot be told from the outside" }
  const options = (as: string): string => as.split(" ").slice(2).join(",")
  const again = (as: string): readonly string[] => ["mount", "-o", `remount,${options(as)}`, "--", name]
  if (before.split(" ").slice(0, 2).join() !== after.split(" ").slice(0, 2).join())
    return { finding, why: "something else is mounted there" }
  return { finding, doing: "mount as before", phase: "kernel", steps: [command(again(before), again(after))] }
}

const sharedKernel = "the kernel is not this machine's own"

const mendModule: Mender = ({ finding, thing: { name, before } }, { isShared }) => {
  if (isShared) return { finding, why: sharedKernel }
  const [load, unload] = [
    ["modprobe", "--", name],
    ["modprobe", "-r", "--", name],
  ] as const
  const isNew = before === undefined
  const step = isNew ? command(unload, load) : command(load, unload)
  return { finding, doing: isNew ? "unload" : "load", phase: "kernel", steps: [step] }
}

const mendSetting: Mender = ({ finding, thing: { name, before, after } }, { settings }) => {
  if (before === undefined || after === undefined) return { finding, why: "it comes and goes with what it is about" }
  if (!settings.has(name)) return { finding, why: "it cannot be written from this machine" }
  const set = (value: string): readonly string[] => [
    "sh",
    "-c",
    'printf "%s\\n" "$2" >"/proc/sys/$1"',
    "set",
    name,
    value,
  ]
  return { finding, doing: `set to ${before}`, phase: "kernel", steps: [command(set(before), set(after))] }
}

/** Of a program that lies where nothing is looked at, only what it is allowed to is known. */
const mendStray: Mender = ({ finding, thing: { name, before, after } }) => {
  if (before === undefined)
    return { finding, doing: "remove", phase: "remove", steps: [{ do: "remove-path", path: name }] }
  const [[was = "", owner], [is = "", ownerNow]] = [before.split(" "), (after ?? "").split(" ")]
  if (after === undefined || owner !== ownerNow) return { finding, why: "what it was is not known" }
  return { finding, doing: "set back", phase: "paths", steps: [command(["chmod", was, name], ["chmod", is, name])] }
}

/** One word of a command line holds so much. */
const mostRulesBytes = 100_000

/** Rules have an order, so all of them are loaded at once; the step is the first one's. */
export const mendFirewall = (told: readonly Told[], { rules }: Answers): readonly (Mend | Left)[] => {
  const own = told.filter(({ finding }) => finding.kind === "firewall rule")
  if (rules === undefined || Math.max(rules.before.length, rules.now.length) > mostRulesBytes)
    return own.map(({ finding }) => ({ finding, why: "its rules cannot be loaded from what is known of them" }))
  const load = (text: string): readonly string[] => ["sh", "-c", 'printf %s "$1" | nft -f -', "load", text]
  const step = command(load(rules.before), load(rules.now))
  return own.map(({ finding }, place) => ({
    ...{ finding, doing: "load as before", phase: "kernel", steps: place === 0 ? [step] : [] },
  }))
}

const menders: { readonly [kind in Finding["kind"]]?: Mender } = {
  "running unit": mendUnit,
  process: mendRunning,
  port: mendRunning,
  mount: mendMount,
  "kernel module": mendModule,
  "kernel setting": mendSetting,
  "setuid program": mendStray,
}
