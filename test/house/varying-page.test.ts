import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { varyingPath, varyingPaths } from "../../src/contract/index.ts"

const page = readFileSync(join(import.meta.dirname, "../../docs/reference/varying.md"), "utf8")

const inImage = { drop: "left out", skeleton: "directories only", keep: "kept" } as const
const kinds = { machine: "kept per machine", nature: "varies by nature", derived: "derived" } as const

describe("docs/reference/varying.md", () => {
  it("has every path with its reason, in the same order", () => {
    const rows = varyingPaths.map(
      ({ path, kind, why, inImage: fate }) => `| \`${path}\` | ${kinds[kind]} | ${inImage[fate ?? "keep"]} | ${why} |`,
    )
    expect(page.split("\n").filter((line) => line.startsWith("| `"))).toEqual(rows)
  })
})

describe("what varies", () => {
  it.each([
    ["/etc/machine-id", "drop"],
    ["/etc/ssh/ssh_host_ed25519_key.pub", "drop"],
    ["/etc/ssh/sshd_config", undefined],
    ["/var/lib/dpkg/status", undefined],
    ["/var/lib/dpkg/status-old", "drop"],
    ["/var/lib/dpkg/info/x-old", undefined],
    ["/var/log", undefined],
    ["/var/log/app/x.log", "skeleton"],
    ["/var/cache/debconf/config.dat", "keep"],
    ["/var/cache/debconf/config.dat-old", "skeleton"],
    ["/tmp", undefined],
    ["/tmp/a\nb", "drop"],
    ["/srv/tmp/x", undefined],
    ["/var/lib/fireclayish", undefined],
  ])("%j goes into an image as %s", (path, fate) => {
    expect(varyingPath(path)?.inImage).toBe(fate)
  })

  it("is only what is below, and never a system's own directory", () => {
    for (const path of ["/", "/etc", "/usr/bin", "/var/lib", "/var/cache", "/home/a/.ssh/authorized_keys"])
      expect(varyingPath(path)).toBeUndefined()
  })
})
