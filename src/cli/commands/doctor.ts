import { existsSync, readFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { FireclayError } from "../../contract/index.ts"
import { lastLines, run } from "../../system/process.ts"
import type { Command } from "../command.ts"
import { table } from "../render/table.ts"

export interface DoctorOptions {
  readonly fix?: boolean
}

interface Need {
  readonly what: string
  readonly why: string
  /** The Debian package that brings it; absent: nothing to install. */
  readonly package?: string
  readonly met: () => boolean
}

interface Finding {
  readonly what: string
  readonly why: string
  readonly ok: boolean
  readonly remedy: string
}

const program = (name: string, debianPackage: string, why: string): Need => ({
  what: name,
  why,
  package: debianPackage,
  met: () => isOnPath(name),
})

const needs: readonly Need[] = [
  { what: "root", why: "local machines", met: () => process.getuid?.() === 0 },
  {
    what: "overlayfs",
    why: "local machines",
    met: () => readFileSync("/proc/filesystems", "utf8").includes("overlay"),
  },
  program("systemd-nspawn", "systemd-container", "local machines"),
  program("mmdebstrap", "mmdebstrap", "bases"),
  program("ip", "iproute2", "the machines' network"),
  program("iptables", "iptables", "the machines' way out"),
  program("tar", "tar", "images"),
  program("ssh-keygen", "openssh-client", "host keys of local machines"),
  program("ssh", "openssh-client", "servers over SSH"),
  program("haproxy", "haproxy", "fleets that listen"),
]

/** What this machine has and lacks. `--fix` installs what Debian's packages can bring. */
export const doctor: Command<DoctorOptions> = async ({ output }, options) => {
  const missing = needs.filter((need) => !need.met()).flatMap((need) => need.package ?? [])
  if (options.fix === true && missing.length > 0) await install([...new Set(missing)], output.note)
  const findings = needs.map(examine)
  const rows = findings.map(({ what, why, ok, remedy }) => [
    ok ? output.paint("green", "✓") : output.paint("red", "✗"),
    what,
    why,
    ok ? "" : remedy,
  ])
  output.print(table(["", "what", "for", "how to get it"], rows))
  const lacking = findings.filter(({ ok }) => !ok)
  output.print(
    lacking.length === 0
      ? `\n${output.paint("green", "Everything is here.")}`
      : `\n${lacking.length} missing. Try: fireclay doctor --fix`,
  )
  output.answer({ ok: lacking.length === 0, findings })
  return lacking.length === 0 ? 0 : 1
}

const examine = (need: Need): Finding => ({
  what: need.what,
  why: need.why,
  ok: need.met(),
  remedy:
    need.package === undefined
      ? need.what === "root"
        ? "run as root"
        : "modprobe overlay"
      : `apt-get install ${need.package}`,
})

const isOnPath = (name: string): boolean =>
  `${process.env.PATH ?? ""}${delimiter}/usr/sbin${delimiter}/sbin`
    .split(delimiter)
    .some((directory) => existsSync(join(directory, name)))

const install = async (packages: readonly string[], note: (text: string) => void): Promise<void> => {
  note(`installing ${packages.join(", ")}`)
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  const apt = async (...words: readonly string[]) => run(["apt-get", "-q", "-y", ...words], { env })
  const first = await apt("install", "--no-install-recommends", ...packages)
  if (first.exitCode === 0) return
  await apt("update")
  const second = await apt("install", "--no-install-recommends", ...packages)
  if (second.exitCode === 0) return
  throw new FireclayError("FC_MISSING_TOOL", `apt-get could not install ${packages.join(", ")}`, {
    remedy: "run fireclay doctor --fix as root, on Debian, with its package sources in reach",
    details: lastLines(second.stderr),
  })
}
