import type { Command } from "./command.ts"
import { measuringCommands } from "./measuring-commands.ts"
import { rolloutCommands } from "./rollout-commands.ts"

/** A command as the help shows it. Its code is loaded when it is called. */
export interface CommandEntry {
  readonly name: string
  readonly summary: string
  readonly words: string
  readonly flags: readonly (readonly [flag: string, meaning: string, repeatable?: "repeatable"])[]
  readonly example: string
  /** What follows its first word is another program's command line, options included. */
  readonly passesOn?: boolean
  /** Its words are fleets, and it begins by looking at their machines. */
  readonly looks?: boolean
  readonly load: () => Promise<Command<never>>
}

/** What every command takes. */
export const globalFlags = [
  ["-c, --config <file>", "configuration; default: fireclay.config.ts here or above"],
  ["-C, --directory <path>", "work as if started there"],
  ["--json", "answer with one JSON document on standard output"],
  ["--color <when>", "whether to use colours, by default where there is a terminal"],
] as const satisfies CommandEntry["flags"]

const limits = [
  ["--on <machine>", "only this machine, or hosts with this tag; may be given again", "repeatable"],
  ["--only <resource>", "only this resource: its id, path, or a pattern such as 'file:/etc/nginx/*'", "repeatable"],
  ["--tag <name>", "only resources with this tag", "repeatable"],
] as const

const yes = ["-y, --yes", "do not ask"] as const
const takeOver = ["--take-over", "where another run is at work on the fleet, stop it and go on from there"] as const
const irreversible = ["--allow-irreversible", "do also what cannot be undone"] as const

export const commands: readonly CommandEntry[] = [
  {
    name: "init",
    summary: "write a configuration to start from",
    words: "[directory]",
    flags: [],
    example: "fireclay init shop",
    load: async () => (await import("./commands/init.ts")).init,
  },
  {
    name: "doctor",
    summary: "say what is missing on this machine, and get it with --fix",
    words: "",
    flags: [["--fix", "install what is missing"]],
    example: "fireclay doctor --fix",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  {
    name: "plan",
    summary: "show what apply would do",
    words: "[fleets...]",
    flags: [
      ["-o, --out <file>", "save it, for: fireclay apply <file>"],
      ["--detailed-exitcode", "0: nothing to do, 2: differences"],
      ...limits,
    ],
    example: "fireclay plan web",
    looks: true,
    load: async () => (await import("./commands/plan.ts")).plan,
  },
  {
    name: "apply",
    summary: "take fleets to what their spec says, or do what a saved plan says; what fails is taken back",
    words: "[fleets-or-plan...]",
    flags: [yes, irreversible, takeOver, ...limits],
    example: "fireclay apply web --yes",
    looks: true,
    load: async () => (await import("./commands/apply.ts")).apply,
  },
  {
    name: "build",
    summary: "bake the images of fleets",
    words: "[fleets...]",
    flags: [
      ["--fresh", "bake every layer again"],
      ["--check", "bake twice from nothing and compare; names what differs, and what makes it"],
      ["--update", "move fireclay.lock to what the sources offer today, and show what moved"],
      [
        "-o, --out <target>",
        "write it to oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:NAME:TAG]",
        "repeatable",
      ],
      ["--push <reference>", "put it into a registry, as REGISTRY/NAME:TAG", "repeatable"],
      ["--plain-http", "speak to the registry without encryption"],
      ["--bare", "let it leave without its list of contents and its provenance"],
      ["--sign <keyfile>", "sign it, with a private key in PEM; FIRECLAY_SIGN_PASSPHRASE opens an encrypted one"],
    ],
    example: "fireclay build cattle --push registry.example.com/shop/cattle:3",
    load: async () => (await import("./commands/build.ts")).build,
  },
  {
    name: "verify",
    summary: "compare a machine with the image of its release, file by file, and explain each difference",
    words: "<fleet> [fleet-or-image]",
    flags: [],
    example: "fireclay verify pets cattle",
    load: async () => (await import("./commands/verify.ts")).verify,
  },
  {
    name: "images",
    summary: "list images: which releases they are, who stands on them, and what they take",
    words: "",
    flags: [["--all", "those too that others were baked on"]],
    example: "fireclay images",
    load: async () => (await import("./commands/images.ts")).images,
  },
  {
    name: "inspect",
    summary: "show what an image is made of: layers, packages, files, and how it was made",
    words: "<fleet-or-image>",
    flags: [
      ["--sbom", "print its contents as a document of SPDX"],
      ["--provenance", "print how it was made, as a statement of in-toto with SLSA provenance"],
    ],
    example: "fireclay inspect web --sbom",
    load: async () => (await import("./commands/inspect.ts")).inspect,
  },
  {
    name: "prune",
    summary: "remove images that are neither in force, nor among the last releases, nor running",
    words: "",
    flags: [
      yes,
      ["--keep <number>", "how many of a fleet's last releases keep their images; default: its history, or 5"],
      ["--max-size <size>", "remove more of these, oldest first, until all take no more than this, such as 10G"],
    ],
    example: "fireclay prune --keep 3 --max-size 10G",
    load: async () => (await import("./commands/prune.ts")).prune,
  },
  {
    name: "rollback",
    summary: "take a fleet back to an earlier release",
    words: "<fleet>",
    flags: [yes, irreversible, takeOver, ["--to <release>", "number of the release; default: the one before"]],
    example: "fireclay rollback web --to 3",
    load: async () => (await import("./commands/rollback.ts")).rollback,
  },
  {
    name: "scale",
    summary: "have more or fewer instances of the release in force, until the configuration's count is changed",
    words: "<fleet> <count>",
    flags: [yes, takeOver],
    example: "fireclay scale web 5",
    load: async () => (await import("./commands/scale.ts")).scale,
  },
  ...rolloutCommands,
  {
    name: "status",
    summary: "show what runs where, and how it is",
    words: "[fleets...]",
    flags: [],
    example: "fireclay status",
    looks: true,
    load: async () => (await import("./commands/status.ts")).status,
  },
  {
    name: "volumes",
    summary: "list data that outlives instances, or end the protection of a volume",
    words: "[fleet-or-unprotect] [volume]",
    flags: [],
    example: "fireclay volumes unprotect web/uploads",
    load: async () => (await import("./commands/volumes.ts")).volumes,
  },
  {
    name: "releases",
    summary: "list the releases of fleets",
    words: "[fleets...]",
    flags: [],
    example: "fireclay releases web",
    load: async () => (await import("./commands/releases.ts")).releases,
  },
  {
    name: "drift",
    summary: "say what differs on machines from what was delivered to them, asked for or not",
    words: "[fleets...]",
    flags: [
      ["--full", "read every file, whatever its times say"],
      ["--compare-machines", "how the machines of a fleet differ from each other, whatever was delivered"],
      ["--watch", "look again and again, and tell what is new and what is gone, until Ctrl-C"],
      ["--interval <duration>", "with --watch: how long to wait between two looks, such as 30s; default: 5m"],
      ["--detailed-exitcode", "0: nothing drifted, 2: something did"],
      ["--adopt", "write what drifted into the configuration, as a difference to review"],
      ["--on <machine>", "with --adopt: whose changes are wanted", "repeatable"],
      ["--fix", "take machines back to the release in force, and take away what nobody asked for"],
      ["--answer", "do about it what each fleet says by onDrift: report, fix or replace; asks nobody"],
      ["--replace", "let clean instances take the place of those that drifted, and keep what was written on them"],
      yes,
      irreversible,
    ],
    example: "fireclay drift web",
    looks: true,
    load: async () => (await import("./commands/drift.ts")).drift,
  },
  {
    name: "patch",
    summary: "bring fleets to newer packages, the same on all machines; or only say which there are, and since when",
    words: "[fleets...]",
    flags: [
      ["--list", "only say what there is, and what stands in its way"],
      ["--security", "security updates alone"],
      ["--minimum-age <duration>", "only what has been offered for so long, such as 3d; default: the fleet's, or any"],
      ["--exclude <pattern>", "not packages of this name, such as 'linux-*'", "repeatable"],
      ["--detailed-exitcode", "with --list: 0: nothing is outstanding, 2: something is"],
      ["--reboot <when>", "if-required or never; default: as the fleet says, or if-required"],
      ["--now", "also while the fleet's window is closed; the log remembers it"],
      yes,
      irreversible,
      takeOver,
    ],
    example: "fireclay patch web --security",
    looks: true,
    load: async () => (await import("./commands/patch.ts")).patch,
  },
  {
    name: "history",
    summary: "tell what happened to fleets and machines: releases, rollouts, failures, and who did it",
    words: "[fleets-or-machines...]",
    flags: [],
    example: "fireclay history web-1",
    load: async () => (await import("./commands/history.ts")).history,
  },
  {
    name: "audit",
    summary:
      "report on fleets for an auditor, check that the event log is as it was written, export it, or print its anchor",
    words: "<report|verify|export|anchor> [fleets-or-exported-log...]",
    flags: [
      ["-o, --out <file>", "report: write it there, as one page that needs nothing else"],
      ["--anchor <anchor>", "what `audit anchor` printed earlier: all until then must still be there", "repeatable"],
    ],
    example: "fireclay audit report -o audit.html",
    load: async () => (await import("./commands/audit.ts")).audit,
  },
  {
    name: "facts",
    summary: "show what machines say of themselves: system, memory, addresses",
    words: "[fleet-or-machine]",
    flags: [],
    example: "fireclay facts web-1",
    load: async () => (await import("./commands/facts.ts")).facts,
  },
  {
    name: "exec",
    summary: "run a command on a machine, or on all of a fleet",
    words: "<fleet-or-machine> [command...]",
    flags: [],
    example: "fireclay exec web -- systemctl --failed",
    passesOn: true,
    load: async () => (await import("./commands/exec.ts")).exec,
  },
  {
    name: "unlock",
    summary: "take a fleet over from a controller that is dead, and fence that one off",
    words: "<fleet>",
    flags: [yes],
    example: "fireclay unlock web",
    load: async () => (await import("./commands/unlock.ts")).unlock,
  },
  {
    name: "destroy",
    summary: "remove what Fireclay made; servers that existed before stay",
    words: "[fleets...]",
    flags: [yes, ["--delete-volumes <name>", "the data of this volume too; may be given again", "repeatable"]],
    example: "fireclay destroy web --delete-volumes web/uploads",
    load: async () => (await import("./commands/destroy.ts")).destroy,
  },
  ...measuringCommands,
]

export const exitCodesHelp = `Exit codes:
  0    done
  1    failed
  2    plan --detailed-exitcode: there are differences
  3    failed and rolled back: the old release is in force
  64   wrong usage or configuration
  130  cancelled`
