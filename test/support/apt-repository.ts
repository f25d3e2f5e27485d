import { createHash } from "node:crypto"
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { networkInterfaces, tmpdir } from "node:os"
import { join } from "node:path"
import { run } from "../../src/system/process.ts"
import { buildDeb, type DebPackage } from "./deb.ts"

export interface RepositoryPackage extends DebPackage {
  /** Absent: `main`. */
  readonly suite?: Suite
  /** Since when it is offered, by the times of its file. Absent: now. */
  readonly dateMs?: number
}

export type Suite = keyof typeof suites

/** An archive on this computer as Debian has them, with a suite for security, which local machines reach by HTTP. */
export interface AptRepository {
  readonly url: string
  /** Lines of sources.list(5), one for each suite. */
  readonly lines: readonly string[]
  /**
   * Offers these too from now on. A version that it offers already is made again.
   *
   * @param dateMs when the archive says that it was published; absent: now
   */
  readonly publish: (packages: readonly RepositoryPackage[], dateMs?: number) => Promise<void>
  /** Offers a version no more. */
  readonly withdraw: (name: string, version: string) => Promise<void>
  /** Answers every request with an error from now on, or as before. */
  readonly setDown: (isDown: boolean) => void
  readonly close: () => Promise<void>
}

export const openAptRepository = async (): Promise<AptRepository> => {
  const directory = await mkdtemp(join(tmpdir(), "fireclay-apt-"))
  let down = false
  const server = createServer((request, response) => {
    if (down) {
      response.writeHead(503).end()
      return
    }
    const path = join(directory, new URL(request.url ?? "/", "http://x").pathname)
    Promise.all([readFile(path), stat(path)]).then(
      ([content, { mtime }]) => response.setHeader("Last-Modified", mtime.toUTCString()).end(content),
      () => response.writeHead(404).end(),
    )
  })
  // Not only to the machine itself: local machines have networks of their own.
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve))
  const url = `http://${ownAddress()}:${(server.address() as AddressInfo).port}`
  const index = async (dateMs = Date.now()): Promise<void> => {
    for (const suite of Object.keys(suites) as Suite[]) await writeSuite(directory, suite, dateMs)
  }
  await index()
  return {
    url,
    lines: Object.values(suites).map(({ name }) => `deb [trusted=yes] ${url} ${name} main`),
    publish: async (packages, dateMs) => {
      for (const each of packages) await put(directory, each)
      await index(dateMs)
    },
    withdraw: async (name, version) => {
      for (const suite of Object.keys(suites))
        await rm(join(directory, "pool", suite, fileOf(name, version)), { force: true })
      await index()
    },
    setDown: (isDown) => {
      down = isDown
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const suites = {
  main: { name: "main", label: "Debian" },
  security: { name: "main-security", label: "Debian-Security" },
} as const

/** Local machines reach this computer by whatever address it has, but not by that of itself. */
const ownAddress = (): string => {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  const own = addresses.find(({ family, internal }) => family === "IPv4" && !internal)
  if (own === undefined) throw new Error("this computer has no address but 127.0.0.1")
  return own.address
}

const fileOf = (name: string, version: string): string => `${name}_${version.replace(/^\d+:/, "")}_all.deb`

const put = async (directory: string, each: RepositoryPackage): Promise<void> => {
  const pool = join(directory, "pool", each.suite ?? "main")
  await mkdir(pool, { recursive: true })
  await buildDeb(each, join(directory, "stage"), pool)
  const seconds = (each.dateMs ?? Date.now()) / 1000
  await utimes(join(pool, fileOf(each.name, each.version)), seconds, seconds)
}

const writeSuite = async (directory: string, suite: Suite, dateMs: number): Promise<void> => {
  const { name, label } = suites[suite]
  const place = join(directory, "dists", name)
  // It has only packages for all architectures, which apt looks for among those of its own.
  const architecture = (await run(["dpkg", "--print-architecture"])).stdout.toString().trim()
  const list = `main/binary-${architecture}/Packages`
  const packages = await entriesOf(directory, join("pool", suite))
  await mkdir(join(place, "main", `binary-${architecture}`), { recursive: true })
  await writeFile(join(place, list), packages)
  const release = [
    "Origin: Debian",
    `Label: ${label}`,
    `Suite: ${name}`,
    `Codename: ${name}`,
    `Date: ${new Date(dateMs).toUTCString().replace("GMT", "UTC")}`,
    `Architectures: ${architecture}`,
    "Components: main",
    "SHA256:",
    ` ${sha256(packages)} ${Buffer.byteLength(packages)} ${list}`,
    "",
  ]
  await writeFile(join(place, "Release"), release.join("\n"))
}

/** What dpkg-scanpackages would write, without Perl. */
const entriesOf = async (directory: string, pool: string): Promise<string> => {
  const files = await readdir(join(directory, pool)).catch(() => [])
  const entries = files.toSorted().map(async (file) => {
    const [control, content] = await Promise.all([
      run(["dpkg-deb", "-f", join(directory, pool, file)]),
      readFile(join(directory, pool, file)),
    ])
    const fields = [
      control.stdout.toString().trimEnd(),
      `Filename: ${join(pool, file)}`,
      `Size: ${content.length}`,
      `SHA256: ${sha256(content)}`,
    ]
    return `${fields.join("\n")}\n`
  })
  return (await Promise.all(entries)).join("\n")
}

const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex")

/** A library that a daemon has mapped: an upgrade leaves it running with the one that is gone. */
const libraryPath = "/usr/lib/t-library.so"

/** What can be patched, in a version: nothing but the version differs where it does not say so. */
export const patchable = {
  plain: (version: string): DebPackage => ({
    ...{ name: "t-plain", version },
    files: { "/usr/share/t-plain/version": `${version}\n` },
  }),
  /** Any shared object will do; bytes behind its end are no part of it. */
  library: async (version: string): Promise<DebPackage> => ({
    ...{ name: "t-library", version },
    files: { [libraryPath]: Buffer.concat([await anyLibrary(), Buffer.from(version)]) },
  }),
  daemon: (version: string): DebPackage => ({
    ...{ name: "t-daemon", version, needs: ["t-library"] },
    files: {
      "/usr/lib/systemd/system/t-daemon.service": [
        "[Service]",
        `Environment=LD_PRELOAD=${libraryPath}`,
        "ExecStart=/bin/sleep infinity",
        "[Install]",
        "WantedBy=multi-user.target",
        "",
      ].join("\n"),
    },
    after:
      "if [ -d /run/systemd/system ]; then systemctl daemon-reload; systemctl enable --now t-daemon.service; else systemctl enable t-daemon.service; fi",
  }),
  /** Its configuration differs too. */
  configured: (version: string): DebPackage => ({
    ...{ name: "t-configured", version },
    configs: { "/etc/t-configured.conf": `version = ${version}\n` },
  }),
  /** From version 2 on its script fails. */
  failing: (version: string): DebPackage => ({
    ...{ name: "t-failing", version },
    files: { "/usr/share/t-failing/version": `${version}\n` },
    after: Number.parseFloat(version) >= 2 ? "exit 1" : ":",
  }),
  /** As kernels do. */
  rebooting: (version: string): DebPackage => ({
    ...{ name: "t-rebooting", version },
    files: { "/usr/share/t-rebooting/version": `${version}\n` },
    after: 'if [ -n "$2" ]; then touch /run/reboot-required; echo t-rebooting >>/run/reboot-required.pkgs; fi',
  }),
} as const

const anyLibrary = async (): Promise<Buffer> => {
  const { stdout } = await run(["sh", "-c", "ls /lib/*/libutil.so.1 /lib/*/libdl.so.2 | head -n 1"])
  return readFile(stdout.toString().trim())
}
