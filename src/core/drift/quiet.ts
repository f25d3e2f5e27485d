import { pathPattern, type WatchRule } from "../../contract/index.ts"
import type { DataOf } from "./survey.ts"

/**
 * What programs write as long as they run, as an extended regular expression over paths: nobody declared it, and
 * nobody expects it to stay. It is not read, and what changes there is counted and not told, programs excepted.
 */
export const quietPattern = ({ volumes, scratch }: DataOf): string =>
  `^(${[...lived, ...[...volumes.map(({ path }) => path), ...scratch].map(literally)].join("|")})(/|$)`

const system = ["dpkg", "apt", "systemd", "polkit-1", "sudo", "pam", "ucf", "dbus", "snapd", "AccountsService"]

const personal = [
  "\\.ssh",
  "\\.config/(systemd|autostart)",
  "\\.bash[^/]*",
  "\\.profile",
  "\\.zsh[^/]*",
  "\\.pam_environment",
  "\\.forward",
  "\\.rhosts",
]

/** Below the former, but what decides who may do what, or what runs; and what a spec wants to have watched. */
export const loudPattern = (watch: readonly WatchRule[] = []): string =>
  [
    `^(/var/lib/(${system.join("|")})|/var/spool/(cron|anacron)|(/home/[^/]+|/root)/(${personal.join("|")}))(/|$)`,
    ...watch.map(({ path }) => pathPattern(path)),
  ].join("|")

const lived = [
  "/var/cache",
  "/var/log",
  "/var/lib",
  "/var/spool",
  "/var/mail",
  "/var/backups",
  "/var/tmp",
  "/home/[^/]+/[^/]+",
]

const literally = (path: string): string => path.replaceAll(/[.+^$()|[\]\\{}*?]/g, "\\$&")
