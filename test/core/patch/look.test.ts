import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { parseLook } from "../../../src/core/patch/look.ts"
import { run } from "../../../src/system/process.ts"
import { caught } from "../../support/catch.ts"

const parse = (...lines: readonly string[]) =>
  parseLook("web-1", lines.map((line) => `${line.replaceAll("|", "\t")}\n`).join(""))

const main = "http://a.example/debian bookworm/main amd64 Packages"
const security = "http://s.example/debian-security bookworm-security/main amd64 Packages"
const sources = [
  `source|${main}|v=12,o=Debian,a=oldstable,n=bookworm,l=Debian,c=main,b=amd64|Sat, 11 Jul 2026 10:16:37 UTC`,
  `source|${security}|v=12,o=Debian,a=oldstable-security,n=bookworm-security,l=Debian-Security,c=main,b=amd64|`,
]

describe("parseLook", () => {
  it.each<readonly [string, readonly string[], object]>([
    [
      "with the date of the archive",
      [`offer|x|2|${main}`],
      {
        candidate: "2",
        origin: "Debian/bookworm",
        security: false,
        since: "2026-07-11T10:16:37.000Z",
        sinceBy: "archive",
      },
    ],
    [
      "for security, of which nobody knows the age",
      [`offer|x|2|${security}`],
      { candidate: "2", origin: "Debian-Security/bookworm-security", security: true },
    ],
    [
      "by two sources: for security if one says so, and as old as the other says",
      [`offer|x|2|${main}`, `offer|x|2|${security}`],
      { origin: "Debian-Security/bookworm-security", security: true, since: "2026-07-11T10:16:37.000Z" },
    ],
    [
      "with the date of its file, which is older",
      [
        `offer|x|2:2.0|${main}`,
        "deb|http://a.example/x.deb|x_2%3a2.0_amd64.deb",
        "dated|http://a.example/x.deb|Fri, 10 Jul 2026 00:00:00 +0000",
      ],
      { candidate: "2:2.0", since: "2026-07-10T00:00:00.000Z", sinceBy: "file" },
    ],
    [
      "with that of the archive, for its file was copied later",
      [
        `offer|x|2|${main}`,
        "deb|http://a.example/x.deb|x_2_amd64.deb",
        "dated|http://a.example/x.deb|Fri, 27 Nov 2026 00:00:00 +0000",
      ],
      { since: "2026-07-11T10:16:37.000Z", sinceBy: "archive" },
    ],
    [
      "by a source that says nothing of itself",
      ["offer|x|2|http://a.example ./ Packages"],
      { origin: "http://a.example ./ Packages", security: false },
    ],
  ])("reads an update %s", (_, lines, update) => {
    const { updates } = parse("manager|apt", "has|x|1", ...sources, ...lines)
    expect(updates).toHaveLength(1)
    expect(updates[0]).toMatchObject({ name: "x", installed: "1", ...update })
    expect(Object.keys(updates[0] ?? {}).includes("since")).toBe("since" in update)
  })

  it("reads several versions of a package, the newest first", () => {
    const { updates } = parse("manager|apt", "has|x|1", ...sources, `offer|x|1.9|${security}`, `offer|x|1.10|${main}`)
    expect(updates.map(({ candidate }) => candidate)).toEqual(["1.10", "1.9"])
  })

  it("reads what stays, what did not answer, and what has to be started again", () => {
    const found = parse(
      "manager|apt",
      ...["has|x|1", "held|y", "kept|x|2|a b", "kept|z|2|", "unrefreshed|no route", "reboot|asked for by linux"],
      "stale|7|nginx|/system.slice/nginx.service|/usr/lib/libssl.so.3",
      "stale|7|nginx|/system.slice/nginx.service|/usr/lib/libcrypto.so.3",
      "stale|8|nginx|/system.slice/nginx.service|/usr/lib/libssl.so.3",
      "stale|9|bash|/user.slice/user-0.slice/session-3.scope|/usr/bin/bash",
      "stale|1|systemd|/init.scope|/usr/lib/libc.so.6",
      "stale|5|odd|/|/usr/bin/odd",
    )
    expect(found).toEqual({
      ...{ machine: "web-1", installed: { x: "1" }, updates: [], held: ["y"] },
      keptBack: { "x=2": "would remove a, b", "z=2": "kept back by apt" },
      unrefreshed: ["no route"],
      reboot: ["asked for by linux"],
      restarts: [
        { unit: "init.scope", processes: [{ pid: 1, command: "systemd" }], files: ["/usr/lib/libc.so.6"] },
        {
          unit: "nginx.service",
          processes: [
            { pid: 7, command: "nginx" },
            { pid: 8, command: "nginx" },
          ],
          files: ["/usr/lib/libssl.so.3", "/usr/lib/libcrypto.so.3"],
        },
        { unit: "no unit", processes: [{ pid: 5, command: "odd" }], files: ["/usr/bin/odd"] },
        { unit: "session-3.scope", processes: [{ pid: 9, command: "bash" }], files: ["/usr/bin/bash"] },
      ],
    })
  })

  it.each([
    ["dnf", "what dnf could bring is not known to Fireclay yet"],
    ["", "the machine has no package manager that Fireclay knows"],
  ])("refuses the manager '%s'", async (manager, message) => {
    expect(await caught(() => parse(`manager|${manager}`))).toMatchObject({
      code: "FC_PATCH_UNSUPPORTED",
      message,
      at: "web-1",
    })
  })
})

describe("stale.sh", () => {
  const [amd64, cloud] = ["linux-image-6.1.0-9-amd64", "linux-image-6.1.0-31-cloud-amd64"]
  const build = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.27-1 (2023-05-08)"

  it.each<readonly [string, readonly string[], string, string]>([
    ["the newest runs", [`${amd64} 6.1.27-1 installed`], build, ""],
    [
      "a newer one is installed",
      [`${amd64} 6.1.27-1 installed`, "linux-image-6.1.0-10-amd64 6.1.38-1 installed"],
      build,
      "reboot\tthe kernel 6.1.0-9-amd64 runs, and 6.1.0-10-amd64 is installed\n",
    ],
    [
      "one that is newer is of another flavour, or only its configuration is there",
      [
        `${amd64} 6.1.27-1 installed`,
        `${cloud} 6.1.128-1 installed`,
        "linux-image-6.1.0-10-amd64 6.1.38-1 config-files",
      ],
      build,
      "",
    ],
    [
      "another build of it is installed",
      [`${amd64} 6.1.27-2 installed`],
      build,
      "reboot\tthe kernel 6.1.0-9-amd64 runs as it was before 6.1.27-2\n",
    ],
    ["nobody says which build runs", [`${amd64} 6.1.27-2 installed`], "#9-Ubuntu SMP", ""],
    ["it comes from no package", [], build, ""],
  ])("says of the kernel: %s", async (_, packages, version, said) => {
    const library = join(import.meta.dirname, "../../../src/core/transaction/library/stale.sh")
    const list = packages.map((each) => `'${each}'`).join(" ")
    const script = `. ${library}; printf '%s\\n' ${list} | kernel_reason 6.1.0-9-amd64 '${version}'`
    expect((await run(["sh", "-c", script])).stdout.toString()).toBe(said)
  })
})
