import { readFile } from "node:fs/promises"
import { FireclayError, type Machine, type Update } from "../../contract/index.ts"
import { packageLibrary } from "../transaction/library.ts"
import type { Offers } from "./policy.ts"
import { compareVersions } from "./versions.ts"

/** Processes of a unit that run what was replaced on the disk. */
export interface Restart {
  /** `nginx.service`; of a login `session-3.scope`, of systemd itself `init.scope`. */
  readonly unit: string
  readonly processes: readonly { readonly pid: number; readonly command: string }[]
  /** What is gone. */
  readonly files: readonly string[]
}

/** What a machine says of its packages, and of what should be started again. */
export interface Outstanding extends Offers {
  /** Why its lists of what is offered are not of today; empty: they are. */
  readonly unrefreshed: readonly string[]
  readonly restarts: readonly Restart[]
  /** Why it should be rebooted; empty: it need not be. */
  readonly reboot: readonly string[]
}

/**
 * Asks a machine what its sources offer that is newer, in one round trip. It changes nothing there but the package manager's
 * lists, which are fetched anew.
 *
 * @throws FireclayError FC_MACHINE_COMMAND, FC_PATCH_UNSUPPORTED
 */
export const lookForUpdates = async (machine: Machine): Promise<Outstanding> => {
  const script = [await packageLibrary(), await readFile(library, "utf8"), "look </dev/null"].join("\n")
  const { exitCode, stdout, stderr } = await machine.sh(script)
  if (exitCode !== 0)
    throw new FireclayError("FC_MACHINE_COMMAND", "the machine could not say what is offered to it", {
      at: machine.name,
      remedy: "see the lines above; it needs apt, dpkg and coreutils that work",
      details: stderr.toString().trimEnd().split("\n").slice(-8),
    })
  return parseLook(machine.name, stdout.toString())
}

const library = new URL("./look.sh", import.meta.url)

type Fields = readonly string[]

/** Pure: what `look.sh` printed. */
export const parseLook = (machine: string, text: string): Outstanding => {
  const lines = text.split("\n").map((line) => line.split("\t"))
  const about = (word: string): readonly Fields[] =>
    lines.filter(([first]) => first === word).map(([, ...fields]) => fields)
  const names = (word: string): readonly string[] => about(word).map(([name = ""]) => name)
  const [manager = ""] = names("manager")
  if (manager !== "apt") throw unsupported(machine, manager)
  const installed = Object.fromEntries(about("has").map(([name = "", version = ""]) => [name, version]))
  const updates = updatesOf(about, installed)
  const held = names("held")
  return {
    ...{ machine, installed, updates, held },
    keptBack: Object.fromEntries(
      about("kept").map(([name = "", version = "", removed = ""]) => [
        `${name}=${version}`,
        removed === "" ? "kept back by apt" : `would remove ${removed.replaceAll(" ", ", ")}`,
      ]),
    ),
    unrefreshed: names("unrefreshed"),
    restarts: restartsOf(about("stale")),
    reboot: names("reboot"),
  }
}

type About = (word: string) => readonly Fields[]

const unsupported = (machine: string, manager: string): FireclayError =>
  new FireclayError(
    "FC_PATCH_UNSUPPORTED",
    manager === ""
      ? "the machine has no package manager that Fireclay knows"
      : `what ${manager} could bring is not known to Fireclay yet`,
    { at: machine, remedy: "machines with apt can be patched; patch this one with its own tool" },
  )

/** By name, the newest first. */
const updatesOf = (about: About, installed: Offers["installed"]): readonly Update[] => {
  const sources = new Map(about("source").map(([index = "", release = "", date = ""]) => [index, { release, date }]))
  const files = fileDates(about)
  const offers = about("offer").map(([name = "", candidate = "", index = ""]) => {
    const { release, date } = sources.get(index) ?? { release: "", date: "" }
    return {
      ...{ name, installed: installed[name] ?? "", candidate, ...toOrigin(release, index) },
      ...earliest([files.get(`${name.replace(/:.*/, "")} ${candidate}`), "file"], [isoOf(date), "archive"]),
    }
  })
  const versions = Map.groupBy(offers, ({ name, candidate }) => `${name} ${candidate}`)
  return [...versions.values()]
    .map(joinOffers)
    .toSorted(
      (one, other) =>
        (one.name < other.name ? -1 : Number(one.name > other.name)) || compareVersions(other.candidate, one.candidate),
    )
}

/** One version by several sources: a security update if one says so, and as old as the oldest says. */
const joinOffers = (offers: readonly Update[]): Update => {
  const { since: _, sinceBy: __, ...main } = (offers.find(({ security }) => security) ?? offers[0]) as Update
  return { ...main, ...earliest(...offers.map(({ since, sinceBy }) => [since, sinceBy] as const)) }
}

type Known = Pick<Update, "since" | "sinceBy">

/** All of them say since when it can be had at least. */
export const earliest = (
  ...said: readonly (readonly [since: string | undefined, by: Update["sinceBy"] | undefined])[]
): Known => {
  const [first] = said
    .flatMap(([since, sinceBy]) => (since === undefined || sinceBy === undefined ? [] : [{ since, sinceBy }]))
    .toSorted((one, other) => Date.parse(one.since) - Date.parse(other.since))
  return first ?? {}
}

/** `o=Debian,a=stable-security,n=bookworm-security,l=Debian-Security,c=main`: security as unattended-upgrades has it for Debian and Ubuntu. */
const toOrigin = (release: string, index: string): Pick<Update, "origin" | "security"> => {
  const field = (key: string): string => new RegExp(`(?:^|,)${key}=([^,]*)`).exec(release)?.[1] ?? ""
  const [label, suite] = [field("l") || field("o"), field("n") || field("a")]
  return {
    origin: label === "" && suite === "" ? index : [label, suite].filter((part) => part !== "").join("/"),
    security: field("l") === "Debian-Security" || [field("a"), field("n")].some((name) => name.endsWith("-security")),
  }
}

/** By name and version; the name of a file tells both. */
const fileDates = (about: About): ReadonlyMap<string, string> => {
  const files = new Map(about("deb").map(([uri = "", file = ""]) => [uri, file]))
  return new Map(
    about("dated").flatMap(([uri = "", date = ""]) => {
      const [name, version] = (files.get(uri) ?? "").split("_")
      const since = isoOf(date)
      return since === undefined || version === undefined
        ? []
        : [[`${name} ${version.replaceAll("%3a", ":")}`, since] as const]
    }),
  )
}

const isoOf = (date: string): string | undefined => {
  const ms = Date.parse(date)
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}

const restartsOf = (stale: readonly Fields[]): readonly Restart[] => {
  const units = Map.groupBy(stale, ([, , cgroup = ""]) => unitOf(cgroup))
  return [...units]
    .map(([unit, lines]) => ({
      unit,
      processes: [...new Map(lines.map(([pid = "", command = ""]) => [pid, command]))].map(([pid, command]) => ({
        pid: Number(pid),
        command,
      })),
      files: [...new Set(lines.map(([, , , file = ""]) => file))],
    }))
    .toSorted((one, other) => (one.unit < other.unit ? -1 : 1))
}

/** The innermost that systemd started. */
const unitOf = (cgroup: string): string =>
  cgroup.split("/").findLast((part) => /\.(service|scope|socket|mount)$/.test(part)) ?? "no unit"
