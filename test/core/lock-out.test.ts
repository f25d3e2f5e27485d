import { describe, expect, it } from "vitest"
import type { Step } from "../../src/contract/index.ts"
import { couldLockOut } from "../../src/core/transaction/lock-out.ts"

const own = { mode: 0o644, owner: "root", group: "root" }
const file = (path: string): Step => ({ do: "write-file", path, content: { sha256: "", size: 0 }, ...own })

const risky: readonly Step[] = [
  file("/etc/ssh/sshd_config"),
  file("/etc/pam.d/sshd"),
  file("/etc/sudoers.d/deploy"),
  file("/etc/network/interfaces"),
  file("/etc/nftables.conf"),
  file("/etc/motd"),
  file("/etc/systemd/system/ssh.service"),
  file("/etc/systemd/system/ssh.service.d/fireclay-x.conf"),
  file("/home/deploy/.ssh/authorized_keys"),
  file("/home/deploy/.profile"),
  file("/root/.bashrc"),
  file("/srv/git/.ssh/authorized_keys"),
  file("/opt/../etc/passwd"),
  file("/usr/local/bin/login"),
  file("/var/lib/iptables/rules"),
  file("/var/lib/sudo"),
  file("/optional"),
  { do: "set-ownership", path: "/", ...own },
  { do: "remove-path", path: "/etc/ssh/keys" },
  { do: "make-link", path: "/etc/resolv.conf", target: "/srv/x" },
  { do: "make-directory", path: "/home/deploy", ...own },
  { do: "install-packages", packages: [{ name: "ufw" }] },
  { do: "remove-packages", packages: ["sudo"], alongside: [] },
  { do: "change-user", name: "deploy", system: false },
  { do: "remove-user", name: "deploy" },
  { do: "change-group", name: "sudo", gid: 1 },
  { do: "remove-group", name: "sudo" },
  ...(["start", "stop", "restart", "reload"] as const).map(
    (verb): Step => ({ do: `${verb}-unit`, unit: "nftables.service" }),
  ),
  { do: "run-command", argv: ["iptables", "-P", "INPUT", "DROP"] },
]

const harmless: readonly Step[] = [
  file("/srv/app/index.html"),
  file("/opt/app/settings.json"),
  file("/var/www/html/index.html"),
  file("/var/lib/app/seed.db"),
  file("/etc/systemd/system/fireclay-web.service"),
  { do: "make-directory", path: "/srv/app", ...own },
  { do: "make-link", path: "/srv/current", target: "/etc" },
  { do: "remove-path", path: "/opt/old" },
  { do: "set-ownership", path: "/var/www/html", ...own },
  { do: "add-user", name: "app", system: true },
  { do: "add-group", name: "app", system: true },
  { do: "enable-unit", unit: "nftables.service" },
  { do: "disable-unit", unit: "ssh.service" },
  { do: "reload-units" },
  { do: "restart-unit", unit: "fireclay-web.service" },
]

const says = (step: Step): string => `${step.do} ${Object.values(step).slice(1, 2)}`

describe("the word is given over a new connection", () => {
  it.each(risky.map((step) => [says(step), step] as const))("after %s", (_, step) => {
    expect(couldLockOut([...harmless, step])).toBe(true)
  })

  it.each(harmless.map((step) => [says(step), step] as const))("but not after %s", (_, step) => {
    expect(couldLockOut([step])).toBe(false)
  })
})
