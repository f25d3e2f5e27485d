import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { buildDeb } from "./deb.ts"
import type { RootMachine } from "./root-machine.ts"

/** A package that a test makes. The same description for every package manager. */
export interface TestPackage {
  readonly name: string
  readonly version: string
  readonly needs?: readonly string[]
  /** Takes the place of another package. */
  readonly insteadOf?: string
  /** Takes over files of another package. */
  readonly takesFrom?: string
  /** Text by path. */
  readonly files?: Readonly<Record<string, string>>
  readonly configs?: Readonly<Record<string, string>>
  /** Shell, before it is installed. */
  readonly first?: string
  /** Shell, after it was installed. */
  readonly after?: string
  /** Shell, before it is removed. */
  readonly before?: string
  /** Shell, once it was removed, and its configuration with it. */
  readonly gone?: string
}

/** A package manager with a source of packages that a test fills. */
export interface Packager {
  /** What makes an installation fail as late as it can: rpm only warns of scripts that come after. */
  readonly failing: Pick<TestPackage, "first" | "after">
  /** Offers exactly these, and lets the machine know. */
  readonly offer: (packages: readonly TestPackage[]) => Promise<void>
  /** Installs with the machine's own tool, as an administrator would. */
  readonly install: (...words: readonly string[]) => Promise<void>
  readonly hold: (name: string) => Promise<void>
  readonly markAutomatic: (name: string) => Promise<void>
  /** Name and version of what the tests made. */
  readonly installed: () => Promise<readonly string[]>
  readonly automatic: () => Promise<readonly string[]>
}

export const source = "/srv/packages"

export const aptPackager = ({ root, tell }: RootMachine): Packager => ({
  failing: { after: "exit 1" },
  offer: async (packages) => {
    await rm(join(root, source), { recursive: true, force: true })
    await mkdir(join(root, source), { recursive: true })
    for (const each of packages) await buildDeb(each, join(root, "srv", "stage"), join(root, source))
    await tell(indexDebs)
  },
  install: async (...words) =>
    void (await tell(`apt-get -q -y --allow-downgrades install ${words.join(" ")} </dev/null 2>&1`)),
  hold: async (name) => void (await tell(`apt-mark hold ${name}`)),
  markAutomatic: async (name) => void (await tell(`apt-mark auto ${name}`)),
  installed: async () =>
    lines(
      await tell(
        `dpkg-query -W -f '\${Package} \${Version} \${db:Status-Status}\\n' | sed -n 's/^\\(t-.*\\) installed$/\\1/p'`,
      ),
    ),
  automatic: async () => lines(await tell("apt-mark showauto | sed -n '/^t-/p'")),
})

const indexDebs = `
cd ${source} && : >Packages
for deb in *.deb; do
  [ -e "$deb" ] || continue
  { dpkg-deb -f "$deb"; echo "Filename: ./$deb"; echo "Size: $(stat -c %s "$deb")"; echo "SHA256: $(sha256sum "$deb" | cut -d' ' -f1)"; echo; } >>Packages
done
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:${source} ./' >/etc/apt/sources.list
apt-get -q update </dev/null 2>&1`

export const lines = (text: string): readonly string[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .toSorted()
