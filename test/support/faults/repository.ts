import { createHash } from "node:crypto"
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { succeed } from "./disk.ts"

/** A package that is made for a test. */
interface Parcel {
  readonly name: string
  readonly version: string
  readonly depends?: string
  /** Files by path. Those below `/etc` are conffiles. */
  readonly files: { readonly [path: string]: string }
  /** Bodies of its maintainer scripts. Each passes a point where a fault may come. */
  readonly scripts?: { readonly [script in "preinst" | "postinst" | "prerm" | "postrm"]?: string }
}

/** What a spec of the fault matrix installs, upgrades and removes: each hard in its own way. */
const parcels: readonly Parcel[] = [
  ...["1.0", "2.0"].map((version) => ({
    name: "fc-tool",
    version,
    depends: "fc-lib",
    files: {
      "/etc/fc-tool.conf": `tool ${version}\n`,
      "/usr/bin/fc-tool": `#!/bin/sh\necho ${version}\n`,
      [`/usr/share/fc-tool/only-in-${version}`]: `${version}\n`,
    },
    scripts: {
      preinst: "",
      postinst: `echo ${version} >/var/lib/fc-tool.configured`,
      prerm: "",
      postrm: purges("/var/lib/fc-tool.configured"),
    },
  })),
  { name: "fc-lib", version: "1.0", files: { "/usr/lib/fc-lib": "lib\n" } },
  {
    name: "fc-old",
    version: "1.0",
    depends: "fc-old-lib",
    files: { "/etc/fc-old.conf": "old\n", "/usr/bin/fc-old": "#!/bin/sh\n" },
    scripts: { postinst: "", prerm: "", postrm: "" },
  },
  { name: "fc-old-lib", version: "1.0", files: { "/usr/lib/fc-old-lib": "lib\n", "/etc/fc-old-lib.conf": "lib\n" } },
  {
    name: "fc-new",
    version: "1.0",
    depends: "fc-new-lib",
    files: { "/etc/fc-new.conf": "new\n", "/usr/bin/fc-new": "#!/bin/sh\n" },
    // Brings an account, as many server packages do.
    scripts: {
      postinst: "getent passwd fc-new >/dev/null || useradd --system --no-create-home fc-new",
      prerm: "",
      postrm: "",
    },
  },
  ...["1.0", "2.0"].map((version) => ({
    name: "fc-patched",
    version,
    files: { "/etc/fc-patched.conf": `patched ${version}\n`, [`/usr/share/fc-patched/only-in-${version}`]: "" },
    scripts: { preinst: "", postinst: "", prerm: "" },
  })),
  { name: "fc-new-lib", version: "1.0", files: { "/usr/lib/fc-new-lib": "lib\n" } },
  { name: "fc-held", version: "1.0", files: { "/usr/lib/fc-held": "held\n" } },
  { name: "fc-held", version: "2.0", files: { "/usr/lib/fc-held": "held 2\n" } },
]

function purges(path: string): string {
  return `if [ "$1" = purge ]; then rm -f ${path}; fi`
}

/** Builds all packages and their index, and answers a tar of them, for a source `deb [trusted=yes] copy:DIRECTORY ./`. */
export const buildRepository = async (): Promise<Buffer> => {
  const directory = await mkdtemp(join(tmpdir(), "fireclay-parcels-"))
  try {
    await mkdir(join(directory, "out"))
    const stanzas: string[] = []
    for (const parcel of parcels) stanzas.push(await build(directory, parcel))
    await writeFile(join(directory, "out", "Packages"), stanzas.join("\n"))
    await succeed([
      "tar",
      "-C",
      join(directory, "out"),
      "--owner=0",
      "--group=0",
      "-cf",
      join(directory, "all.tar"),
      ".",
    ])
    return await readFile(join(directory, "all.tar"))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const build = async (directory: string, parcel: Parcel): Promise<string> => {
  const { name, version, depends, files, scripts = {} } = parcel
  const file = `${name}_${version}_all.deb`
  const tree = join(directory, file.replace(".deb", ""))
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    "Architecture: all",
    "Maintainer: Tests <tests@example.com>",
    ...(depends === undefined ? [] : [`Depends: ${depends}`]),
    "Description: made for a test",
    "",
  ].join("\n")
  await put(join(tree, "DEBIAN/control"), control)
  const conffiles = Object.keys(files).filter((path) => path.startsWith("/etc/"))
  if (conffiles.length > 0) await put(join(tree, "DEBIAN/conffiles"), `${conffiles.join("\n")}\n`)
  for (const [script, body] of Object.entries(scripts))
    await put(
      join(tree, "DEBIAN", script),
      `#!/bin/sh\nset -e\n${passPoint} ${name} ${script}\n${body}\n${passPoint} ${name} ${script} done\n`,
      0o755,
    )
  for (const [path, text] of Object.entries(files))
    await put(join(tree, path), text, path.includes("/bin/") ? 0o755 : 0o644)
  const deb = join(directory, "out", file)
  await succeed(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, deb])
  const bytes = await readFile(deb)
  const digest = createHash("sha256").update(bytes).digest("hex")
  return `${control}Filename: ./${file}\nSize: ${bytes.length}\nSHA256: ${digest}\n`
}

const passPoint = "[ ! -x /usr/local/sbin/true ] || /usr/local/sbin/true"

const put = async (path: string, text: string, mode = 0o644): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  await chmod(path, mode)
}
