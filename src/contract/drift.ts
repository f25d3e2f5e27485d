/** What something that drifted is called, for people and for rules. */
export const driftKinds = [
  "account",
  "account file",
  "alternative",
  "boot setting",
  "certificate",
  "cron job",
  "directory",
  "file",
  "firewall rule",
  "group",
  "host key",
  "kernel module",
  "kernel setting",
  "library loading",
  "link",
  "log setting",
  "login rule",
  "login session",
  "mount",
  "network setting",
  "odd name",
  "package",
  "package database",
  "package source",
  "password",
  "pipe",
  "port",
  "process",
  "program",
  "running unit",
  "SSH key",
  "SSH setting",
  "setuid program",
  "shell start-up",
  "socket",
  "special file",
  "sudo rule",
  "timer",
  "unit",
] as const

export type DriftKind = (typeof driftKinds)[number]

/** Why there is a rule, and until when: a day, as `2027-03-31`, after which it does nothing. */
export interface DriftReason {
  readonly reason: string
  readonly until?: string
}

/** What nobody asked for and is no drift all the same. In patterns `*` stands for some of a name, `/**` for all that is below. */
export type IgnoreRule = DriftReason &
  (
    | { readonly path: string; readonly kind?: DriftKind }
    | { readonly kind: DriftKind /** As a report has it. Absent: all of that kind. */; readonly name?: string }
  )

/** Paths that count although they are data, or vary by nature. */
export type WatchRule = DriftReason & { readonly path: string }

/** What counts as drift, beyond what Fireclay thinks by itself. No part of a release: it changes nothing on a machine. */
export interface DriftRules {
  readonly ignore: readonly IgnoreRule[]
  readonly watch: readonly WatchRule[]
}

/** What becomes of a fleet that has drifted, where nobody is asked: it is told, put right in place, or replaced. */
export type OnDrift = "report" | "fix" | "replace"

/** Where nothing is looked at: of one boot, temporary by definition, or Fireclay's own. */
export const unseenPaths = ["/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp", "/var/lib/fireclay", "/lost+found"]
