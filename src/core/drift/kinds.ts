import type { DriftKind } from "../../contract/index.ts"
import type { FileRecord } from "./survey.ts"

/** What a path is to the person who has to judge a change of it. The first row that fits counts. */
export const kindOf = (path: string, record: Pick<FileRecord, "kind" | "mode" | "target">): DriftKind => {
  if (record.kind === "f" && isElevated(record.mode)) return "setuid program"
  const named = rows.find(([pattern]) => pattern.test(path))
  if (named !== undefined) return named[1]
  if (record.kind === "f" && isExecutable(record.mode)) return "program"
  return plain[record.kind] ?? "special file"
}

/** Runs with the rights of its owner or group, whoever starts it. */
export const isElevated = (mode: string): boolean => (Number.parseInt(mode, 8) & 0o6000) !== 0

export const isExecutable = (mode: string): boolean => (Number.parseInt(mode, 8) & 0o111) !== 0

/** The directories that a path lies in, from the top. */
export const ancestors = (path: string): readonly string[] => {
  const names = path.split("/").slice(1, -1)
  return names.map((_, index) => `/${names.slice(0, index + 1).join("/")}`)
}

const plain: Readonly<Record<string, DriftKind>> = { f: "file", d: "directory", l: "link", s: "socket", p: "pipe" }

const rows: readonly (readonly [RegExp, DriftKind])[] = [
  [/\/systemd\/.*\.timer(\.d\/|$)|\/systemd\/.*timers\.target\.wants\//, "timer"],
  [/^\/(etc|usr\/lib|lib|usr\/local\/lib|root\/\.config|home\/[^/]+\/\.config)\/systemd\//, "unit"],
  [/^\/etc\/(init\.d|rc\d?\.d|rc\.local)(\/|$)/, "unit"],
  [/^\/etc\/(cron|anacron)|^\/var\/spool\/(cron|anacron)(\/|$)/, "cron job"],
  [/^\/etc\/sudoers/, "sudo rule"],
  [/\/\.ssh(\/|$)/, "SSH key"],
  [/^\/etc\/ssh\/ssh_host_/, "host key"],
  [/^\/etc\/ssh(\/|$)/, "SSH setting"],
  [/^\/etc\/(pam\.d|pam\.conf|security|nsswitch\.conf|login\.defs|polkit-1)(\/|$)/, "login rule"],
  [/^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)$/, "account file"],
  [/^\/etc\/ld\.so\./, "library loading"],
  [
    /\/\.(bash[^/]*|profile|zsh[^/]*|pam_environment)$|^\/etc\/(profile(\.d\/.*)?|bash\.bashrc|environment)$/,
    "shell start-up",
  ],
  [/^\/etc\/alternatives\//, "alternative"],
  [/^\/etc\/apt\/|^\/usr\/share\/keyrings\//, "package source"],
  [/^\/var\/lib\/dpkg\//, "package database"],
  [/^\/etc\/(sysctl|modules|modprobe|nftables|iptables)/, "kernel setting"],
  [/^\/etc\/(hosts|hostname|resolv\.conf|network|netplan|systemd-network)/, "network setting"],
  [/^\/(etc\/fstab|boot(\/|$)|etc\/default\/grub)/, "boot setting"],
  [/^\/etc\/(ssl|ca-certificates)/, "certificate"],
  [/^\/etc\/(rsyslog|logrotate|audit|systemd\/journald)/, "log setting"],
]
