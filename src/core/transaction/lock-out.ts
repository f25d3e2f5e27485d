import type { Step } from "../../contract/index.ts"

/**
 * Whether a step could keep the controller from coming in again. Careful rather than exact: what is not known to be
 * harmless counts, for all it costs is a new connection.
 */
export const couldLockOut = (steps: readonly Step[]): boolean => steps.some(isRisky)

const isRisky = (step: Step): boolean => {
  switch (step.do) {
    // Nobody is fewer than before, and nothing happens before the next boot.
    case "add-user":
    case "add-group":
    case "enable-unit":
    case "disable-unit":
    case "reload-units":
      return false
    case "start-unit":
    case "stop-unit":
    case "restart-unit":
    case "reload-unit":
      return !isOurs(step.unit)
    default:
      return !("path" in step) || !isApplication(step.path)
  }
}

/** The unit that runs a spec: it sees the system read-only and gets no rights. */
const isOurs = (unit: string): boolean => unit.startsWith("fireclay-")

const applicationRoots = ["/srv", "/opt", "/var/www", "/var/lib", "/var/cache", "/var/log", "/tmp", "/var/tmp"]

/** State of what lets people in. */
const system =
  /^\/var\/lib\/(sudo|pam|ufw|firewalld|iptables|ip6?tables|nftables|systemd|dbus|dhcp|dhcpcd|NetworkManager|connman|tailscale|wireguard|zerotier-one|netbird|AccountsService|sss|samba|extrausers|private)(\/|$)/

const isApplication = (path: string): boolean => {
  if (/\/(\.\.|\.ssh)(\/|$)/.test(path)) return false
  const ownUnit = path.match(/^\/etc\/systemd\/system\/([^/]+)$/)?.[1]
  if (ownUnit !== undefined) return isOurs(ownUnit)
  return !system.test(path) && applicationRoots.some((root) => path.startsWith(`${root}/`))
}
